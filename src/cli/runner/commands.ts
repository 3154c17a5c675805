import { closest } from '#kit/closest.ts';
import type { Command } from '../commands.ts';
import { UsageError } from '../flags.ts';

/** Every command of `sota-runner` by name. */
export const runnerCommands: Readonly<Record<string, { readonly summary: string; load(): Promise<Command> }>> = {
  init: { summary: 'Make a new agent project', load: async () => (await import('./init-command.ts')).command },
  dev: {
    summary: 'Run the agent against a marketplace on this machine, reloading its handler',
    load: async () => (await import('./dev-command.ts')).command,
  },
  run: { summary: 'Run the agent', load: async () => (await import('./run-command.ts')).command },
  status: {
    summary: 'What the marketplace says about the agent, and what the runner is doing',
    load: async () => (await import('./status-command.ts')).command,
  },
  dead: {
    summary: 'Jobs that were put aside: list, show, redrive',
    load: async () => (await import('./dead-command.ts')).command,
  },
  quiet: {
    summary: 'Have the running runner finish what it accepted and take nothing new',
    load: async () => (await import('./quiet-command.ts')).command,
  },
};

export type RunnerChoice =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'command'; readonly name: string; readonly rest: string[] };

/** @throws UsageError */
export function chooseRunner(argv: readonly string[]): RunnerChoice {
  const [first, ...rest] = argv;
  if (first === 'help' && rest[0] !== undefined) return chooseRunner([rest[0], '--help']);
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') return { kind: 'help' };
  if (first === '--version' || first === '-v' || first === 'version') return { kind: 'version' };
  if (Object.hasOwn(runnerCommands, first)) return { kind: 'command', name: first, rest };
  const known = Object.keys(runnerCommands);
  const meant = closest(first, known);
  throw new UsageError(
    `There is no command ${JSON.stringify(first.slice(0, 40))}${meant ? `; did you mean ${meant}?` : `; known are: ${known.join(', ')}`}`,
  );
}
