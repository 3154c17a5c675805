import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Place } from '#market/open-place.ts';
import { program } from '../mcp-clients.ts';

/** `sota-mcp market` as shipped, in a process of its own that can be ended in any way. */
export interface MarketProcess {
  readonly pid: number;
  /** Resolves with its address once it serves. */
  readonly ready: Promise<string>;
  /** What it wrote to stderr. */
  errors(): string;
  /** Ends it and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export function spawnMarket(place: Place, ...args: readonly string[]): MarketProcess {
  const where = 'data' in place ? ['--data', place.data] : ['--database-url', place.databaseUrl];
  const limits = ['--registrations-per-minute', '0'];
  const child = spawn(
    process.execPath,
    [program, 'market', '--port', '0', '--json', ...where, ...limits, '--welcome-credit', '1000000', ...args],
    { env: { PATH: process.env.PATH ?? '', SOTA_LOG_LEVEL: 'error' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ready = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve((JSON.parse(line) as { url: string }).url));
    child.once('exit', (code, signal) => reject(new Error(`The market ended with ${code ?? signal}: ${errors}`)));
  });
  // One that is killed before it is ready disappoints nobody.
  ready.catch(() => {});
  return { pid: child.pid ?? 0, ready, errors: () => errors, end: (signal) => end(child, signal) };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}
