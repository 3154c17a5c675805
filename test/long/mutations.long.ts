/** Takes out one safeguard after the other, in a copy of the tree: each time the tests must turn red. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

interface Mutant {
  /** What is taken out. */
  readonly safeguard: string;
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /** Tests that must see it. */
  readonly seenBy: readonly string[];
}

const DURABLE = ['test/kit/durable.test.ts', 'test/kit/durable-records.test.ts'];
const JOURNAL = ['test/client/journal'];
const POLICE = ['test/kit/secret-comparisons.test.ts'];
const mutants: readonly Mutant[] = [
  {
    safeguard: 'fsync of a file',
    file: 'src/kit/durable/files.ts',
    find: '    await file.sync();\n',
    put: '',
    seenBy: DURABLE,
  },
  {
    safeguard: 'fsync of the directory that holds a new record',
    file: 'src/kit/durable/files.ts',
    find: 'await Promise.all([disk.syncDirectory(dirname(path)), tidy()]);',
    put: 'await tidy();',
    seenBy: DURABLE,
  },
  {
    safeguard: 'waiting for the name of an outcome that nobody would repeat',
    file: 'src/client/journal/store.ts',
    find: '        if (certain) await finish();\n        else inBackground(finish(), path);\n',
    put: '        void certain;\n        inBackground(finish(), path);\n',
    seenBy: JOURNAL,
  },
  {
    safeguard: 'waiting for the content of the outcome before a new intent',
    file: 'src/client/journal/store.ts',
    find: '        await unsafe.get(path);\n',
    put: '',
    seenBy: JOURNAL,
  },
  {
    safeguard: 'an outcome without content counts as none',
    file: 'src/client/journal/records.ts',
    find: 'MAY_BE_EMPTY = /\\.out\\.json$/',
    put: 'MAY_BE_EMPTY = /never/',
    seenBy: JOURNAL,
  },
  {
    safeguard: 'the order in which old generations are deleted',
    file: 'src/client/journal/store.ts',
    find: '    await remove(intentName);\n    await disk.syncDirectory(path);\n    await remove(outName);\n',
    put: '    await remove(outName);\n    await disk.syncDirectory(path);\n    await remove(intentName);\n',
    seenBy: JOURNAL,
  },
  {
    safeguard: 'making sure of an intent found on disk',
    file: 'src/client/journal/settle.ts',
    find: '      await store.confirm(slot, ruleFor(operation).failClosed);\n',
    put: '',
    seenBy: JOURNAL,
  },
  {
    safeguard: 'the .seen mark',
    file: 'src/client/journal/store.ts',
    find: '        await putMark(join(path, seenName(gen)), disk);\n',
    put: '',
    seenBy: JOURNAL,
  },
  {
    safeguard: 'a .seen mark only once the answer has left',
    file: 'src/client/journal/hearing.ts',
    find: 'if (!onUnseen) return await',
    put: 'return await',
    seenBy: JOURNAL,
  },
  {
    safeguard: 'knowing whom of this process an answer is on its way to',
    file: 'src/client/journal/hearing.ts',
    find: 'handedOver.has(key) || awaited.has(key)',
    put: 'handedOver.has(key)',
    seenBy: JOURNAL,
  },
  {
    safeguard: 'the intent before the first byte',
    file: 'src/client/journal/store.ts',
    find: 'const put = () => putOnce(record,',
    put: "const put = () => (async (..._args: unknown[]) => 'created' as const)(record,",
    seenBy: JOURNAL,
  },
  {
    safeguard: 'the key is taken from the record',
    file: 'src/client/journal/settle.ts',
    find: 'dispatch(request, intent.key, onAttempt, resumed)',
    put: 'dispatch(request, `${intent.key}${Math.random()}`, onAttempt, resumed)',
    seenBy: JOURNAL,
  },
  {
    safeguard: 'the generation in the key',
    file: 'src/client/journal/new-intent.ts',
    find: 'fp, generation: gen })',
    put: 'fp, generation: 0 })',
    seenBy: JOURNAL,
  },
  {
    safeguard: 'the agent in the key',
    file: 'src/client/journal/new-intent.ts',
    find: 'key: deriveKey({ origin, agentId,',
    put: "key: deriveKey({ origin, agentId: '',",
    seenBy: JOURNAL,
  },
  {
    safeguard: 'the reservation: what others have booked and not spent yet counts',
    file: 'src/client/policy/ledger.ts',
    find: 'bookings.filter(({ seq }) => seq < booking.seq)',
    put: 'bookings.filter(({ seq, done }) => done && seq < booking.seq)',
    seenBy: ['test/client/policy/ledger.test.ts', 'test/client/policy/caps-race.test.ts'],
  },
  {
    safeguard: 'reserve, then check: the number is taken before others are counted',
    file: 'src/client/policy/ledger.ts',
    find: 'const booking = found ?? (await files.add(request, bookings));',
    put: 'const booking = found ?? (await new Promise((r) => setTimeout(r, 2)).then(() => files.read()).then((now) => files.add(request, now)));',
    seenBy: ['test/client/policy/ledger.test.ts', 'test/client/policy/caps-race.test.ts'],
  },
  {
    safeguard: 'an unknown outcome stays counted',
    file: 'src/client/policy/gate.ts',
    find: "if (booking && tells !== 'nothing')",
    put: 'if (booking)',
    seenBy: ['test/client/policy/limits.test.ts'],
  },
  {
    safeguard: 'an approval is used up',
    file: 'src/client/policy/approvals.ts',
    find: "      if (await write(file(id, 'used'), { v: 1, key, used_at: clock.now() })) return true;\n",
    put: '      return true;\n',
    seenBy: ['test/client/policy/approvals.test.ts'],
  },
  {
    safeguard: 'timing-safe comparison of tokens',
    file: 'src/kit/hash.ts',
    find: 'return timingSafeEqual(left, right);',
    put: 'return left.equals(right);',
    seenBy: POLICE,
  },
  {
    safeguard: 'timing-safe comparison of webhook signatures',
    file: 'src/kit/webhook-signature.ts',
    find: 'Number(timingSafeEqual(expected, digest))',
    put: 'Number(expected.equals(digest))',
    seenBy: POLICE,
  },
  {
    safeguard: 'timing-safe comparison of the PIN',
    file: 'src/client/policy/pin.ts',
    find: 'timingSafeEqual(given, known.hash)',
    put: 'given.equals(known.hash)',
    seenBy: POLICE,
  },
  {
    safeguard: 'the fence around others’ texts',
    file: 'src/tools/fence.ts',
    find: '    block: (text) => `<${name}>${BEFORE}\\n${breakMarkup(text)}\\n</${name}>${AFTER}`,\n    line: (text) => `<${name}>${breakMarkup(text)}</${name}>`,\n',
    put: '    block: (text) => text,\n    line: (text) => text,\n',
    seenBy: ['test/tools/untrusted.test.ts'],
  },
  {
    safeguard: 'breaking of markup inside the fence',
    file: 'src/tools/fence.ts',
    find: '${BEFORE}\\n${breakMarkup(text)}\\n',
    put: '${BEFORE}\\n${text}\\n',
    seenBy: ['test/tools/untrusted.test.ts'],
  },
];

const root = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = ['src', 'test', 'scripts', 'bench', 'docs', 'skill', 'templates', 'types'];
const FILES = ['package.json', 'tsconfig.json', 'vitest.config.ts', 'SKILL.md', 'README.md'];
let copy = '';

interface Report {
  readonly numTotalTests?: number;
  readonly testResults?: readonly { readonly assertionResults: readonly { status: string; fullName: string }[] }[];
}

/** The tests of the copy: whether all pass, whether there were any, and the first that does not. */
function isGreen(tests: readonly string[]): { green: boolean; ran: boolean; first?: string } {
  const args = ['vitest', 'run', '--bail=1', '--reporter=json', ...tests];
  const run = spawnSync('npx', args, {
    cwd: copy,
    encoding: 'utf8',
    env: { ...process.env, SOTA_TEST_SKIP_BUILD: '1', VITEST: '', VITEST_POOL_ID: '', VITEST_WORKER_ID: '' },
    maxBuffer: 64 * 1024 * 1024,
  });
  const from = run.stdout.indexOf('{"numTotalTestSuites"');
  const report: Report = from === -1 ? {} : JSON.parse(run.stdout.slice(from));
  const results = report.testResults?.flatMap(({ assertionResults }) => assertionResults) ?? [];
  const first = results.find(({ status }) => status === 'failed')?.fullName;
  return { green: run.status === 0, ran: (report.numTotalTests ?? 0) > 0, ...(first === undefined ? {} : { first }) };
}

beforeAll(() => {
  copy = realpathSync(mkdtempSync(join(tmpdir(), 'sota-mutants-')));
  for (const name of COPIED) cpSync(join(root, name), join(copy, name), { recursive: true });
  for (const name of FILES) cpSync(join(root, name), join(copy, name));
  symlinkSync(realpathSync(join(root, 'node_modules')), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('untouched, the tests are green', () => {
  const all = [...new Set(mutants.flatMap(({ seenBy }) => seenBy))];
  expect(isGreen(all)).toEqual({ green: true, ran: true });
});

test.each(mutants)('without $safeguard they are red', ({ safeguard, file, find, put, seenBy }) => {
  const path = join(copy, file);
  const original = readFileSync(path, 'utf8');
  expect(original.split(find), `${file} has changed: the mutant no longer fits`).toHaveLength(2);
  try {
    writeFileSync(
      path,
      original.replace(find, () => put),
    );
    const { green, ran, first } = isGreen(seenBy);
    console.error(`${green ? 'SURVIVED' : 'red     '}  ${safeguard}${first ? `\n            ${first}` : ''}`);
    expect({ green, ran: ran && first !== undefined }).toEqual({ green: false, ran: true });
  } finally {
    writeFileSync(path, original);
  }
});
