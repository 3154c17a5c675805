/** Runs vitest with its own output going straight through, and brings back the counts. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Counts } from './count-reporter.ts';
import { root, tool } from './steps.ts';

/**
 * Runs the suite, or what the arguments (vitest's own: file filters, -t …) leave of it. The caller has built dist/.
 * A run that fails without a failing test (nothing matched, the setup threw) counts as one failure.
 */
export async function runVitest(args: readonly string[]): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'sota-count-'));
  const file = join(folder, 'counts.json');
  try {
    const { file: vitest, args: first } = tool('vitest', 'run', '--reporter=default');
    const child = spawn(vitest, [...first, '--reporter=./scripts/count-reporter.ts', ...args], {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, SOTA_COUNT_FILE: file, SOTA_TEST_SKIP_BUILD: '1' },
    });
    const ok = await new Promise<boolean>((resolve) => {
      child.once('error', () => resolve(false));
      child.once('close', (code) => resolve(code === 0));
    });
    const counts = readCounts(file);
    return ok || counts.failed > 0 ? counts : { ...counts, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints what was skipped and why, then the line with the counts: the last of all output. */
export function printCounts({ passed, failed, skipped }: Counts): void {
  if (skipped.length > 0) console.log('\nskipped:');
  for (const { name, reason } of skipped) console.log(`  ${name} (${reason})`);
  console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
}

function readCounts(file: string): Counts {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: [] }; // vitest ended before it ran anything
  }
}
