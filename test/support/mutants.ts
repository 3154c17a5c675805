/** One safeguard taken out, and the tests that must turn red without it. */
export interface Mutant {
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
export const mutants: readonly Mutant[] = [
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
    find: '    block: (text) => `<${named()}>${BEFORE}\\n${breakMarkup(text)}\\n</${named()}>${AFTER}`,\n    line: (text) => `<${named()}>${breakMarkup(text)}</${named()}>`,\n',
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
