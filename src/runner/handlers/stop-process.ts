import type { ChildProcess } from 'node:child_process';

const KILL_AFTER_MS = 2_000;

/** What a signal is sent to: `group` for a process that leads one, as a shell does for its command. */
export type Reach = 'process' | 'group';

/** Asks a process to end, and ends it two seconds later if it does not. Resolves when it is gone. */
export function stopProcess(child: ChildProcess, reach: Reach = 'process'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => signalProcess(child, 'SIGKILL', reach), KILL_AFTER_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    signalProcess(child, 'SIGTERM', reach);
  });
}

export function signalProcess(child: ChildProcess, signal: NodeJS.Signals, reach: Reach): void {
  if (reach === 'process' || child.pid === undefined || process.platform === 'win32') return void child.kill(signal);
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group is gone already.
  }
}
