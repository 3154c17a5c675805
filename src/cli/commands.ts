import { closest } from '#kit/closest.ts';
import { UsageError } from './flags.ts';

/** A command of `sota-mcp`. Its module is loaded only when it is chosen. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Resolves with the exit code. @throws UsageError for a wrong command line */
  run(argv: string[]): Promise<number>;
}

interface CommandEntry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every command by name. Without one, the MCP server is served. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  install: {
    summary: 'Add the server to an MCP host',
    load: async () => (await import('./setup/install-command.ts')).command,
  },
  uninstall: {
    summary: 'Take the server out of an MCP host again',
    load: async () => (await import('./setup/uninstall-command.ts')).command,
  },
  'print-config': {
    summary: 'Print the entry for an MCP host',
    load: async () => (await import('./setup/print-config-command.ts')).command,
  },
  register: {
    summary: 'Register an agent and store its key',
    load: async () => (await import('./account/register-command.ts')).command,
  },
  recover: {
    summary: 'Get a new key for an agent that lost its own',
    load: async () => (await import('./account/recover-command.ts')).command,
  },
  login: {
    summary: 'Sign in as the owner of your agents',
    load: async () => (await import('./account/login-command.ts')).command,
  },
  whoami: {
    summary: 'Say which agent this machine is',
    load: async () => (await import('./account/whoami-command.ts')).command,
  },
  status: {
    summary: 'Show where the agent stands',
    load: async () => (await import('./account/status-command.ts')).command,
  },
  doctor: {
    summary: 'Examine everything that has to work',
    load: async () => (await import('./doctor/doctor-command.ts')).command,
  },
  config: {
    summary: 'Read and change settings kept in a file',
    load: async () => (await import('./config-command.ts')).command,
  },
  operations: {
    summary: 'Say where a marketplace offers what it calls otherwise',
    load: async () => (await import('./operations-command.ts')).command,
  },
  skill: {
    summary: 'Print the skill, or the page of one topic',
    load: async () => (await import('./skill-command.ts')).command,
  },
  market: {
    summary: 'Run a local marketplace',
    load: async () => (await import('./market-command.ts')).command,
  },
  demo: {
    summary: 'Watch an agent earn its first USDC, offline',
    load: async () => (await import('./demo/demo-command.ts')).command,
  },
  'crash-test': {
    summary: 'Kill servers while they pay, and count what happened twice or not at all',
    load: async () => (await import('./crash-test-command.ts')).command,
  },
  approvals: {
    summary: 'See what the agent asks for, and allow or refuse it',
    load: async () => (await import('./approvals-command.ts')).command,
  },
  unlock: {
    summary: 'Allow spending again after too many refusals',
    load: async () => (await import('./unlock-command.ts')).command,
  },
  intents: {
    summary: 'See what is still open, and say what became of it',
    load: async () => (await import('./intents-command.ts')).command,
  },
};

export type Choice =
  | { readonly kind: 'serve'; readonly rest: string[] }
  | { readonly kind: 'help' | 'version' }
  | { readonly kind: 'command'; readonly name: string; readonly rest: string[] };

/**
 * What a command line asks for. A word in the place of a command is one, or a mistake: it is never ignored, since a
 * server that starts instead of the command someone meant looks like a program that hangs.
 * @throws UsageError
 */
export function choose(argv: readonly string[]): Choice {
  const [first, ...rest] = argv;
  if (first === undefined) return { kind: 'serve', rest: [] };
  if (first === 'help' && rest[0] !== undefined) return choose([rest[0], '--help']);
  if (first === '--help' || first === '-h' || first === 'help') return { kind: 'help' };
  if (first === '--version' || first === '-v' || first === 'version') return { kind: 'version' };
  if (first.startsWith('-')) {
    if (argv.includes('--help') || argv.includes('-h')) return { kind: 'help' };
    return { kind: 'serve', rest: [...argv] };
  }
  if (Object.hasOwn(commands, first)) return { kind: 'command', name: first, rest };
  const known = Object.keys(commands);
  const meant = closest(first, known);
  throw new UsageError(
    `There is no command ${JSON.stringify(first.slice(0, 40))}${meant ? `; did you mean ${meant}?` : `; known are: ${known.join(', ')}. Without a command the MCP server starts.`}`,
  );
}
