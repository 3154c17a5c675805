import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { crashPoints } from '#kit/crash-point.ts';

const module = new URL('../../src/kit/crash-point.ts', import.meta.url).href;
const passes = `import { crashPoint } from '${module}'; for (let i = 1; i < 4; i++) { crashPoint('before-out'); crashPoint('after-out'); console.log(i); }`;

function run(SOTA_CRASH: string | undefined) {
  const { signal, stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', passes], {
    env: { PATH: process.env.PATH ?? '', ...(SOTA_CRASH === undefined ? {} : { SOTA_CRASH }) },
    encoding: 'utf8',
  });
  return { signal, passed: stdout.trim().split('\n').filter(Boolean).length };
}

test.each([
  [undefined, null, 3],
  ['after-out', 'SIGKILL', 0],
  ['after-out:3', 'SIGKILL', 2],
  ['no-such-point', null, 3],
  ['nonsense:0', null, 3],
] as const)('SOTA_CRASH=%s', (value, signal, passed) => {
  expect(run(value)).toEqual({ signal, passed });
});

test('every name stands somewhere in the code', () => {
  const files = [
    'kit/durable/files.ts',
    'client/intents.ts',
    'client/journal/store.ts',
    'client/journal/settle.ts',
    'client/journal/recover.ts',
    'server/stdio.ts',
  ];
  const code = files
    .map((file) => readFileSync(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)), 'utf8'))
    .join('\n');
  for (const name of crashPoints) expect(code).toContain(`crashPoint('${name}')`);
});
