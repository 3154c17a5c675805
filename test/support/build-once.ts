import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Tests drive the shipped bundle, so every run starts from a fresh one. */
export function setup(): void {
  if (process.env.SOTA_TEST_SKIP_BUILD === '1') return;
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  execFileSync(process.execPath, [script, '--quiet'], { stdio: 'inherit' });
}
