import { type Approval, type Approvals, createApprovals } from '#client/policy/approvals.ts';
import { createOwnerPin, type OwnerPin } from '#client/policy/pin.ts';
import { isoTime, systemClock } from '#kit/clock.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { describeFlags, oneOf, parseFlags, UsageError } from './flags.ts';
import { NotTheOwner, proveOwner, type Terminal } from './owner-proof.ts';
import { runCommand, type Said } from './run-command.ts';
import { openTerminal } from './terminal.ts';

const flags = {
  all: { type: 'boolean', summary: 'list: also what is decided or over' },
  json: { type: 'boolean', summary: 'Print one line of JSON' },
  'pin-stdin': { type: 'boolean', summary: 'Read the owner PIN from standard input' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-mcp approvals list [--all] [--json]
       sota-mcp approvals approve ID [--pin-stdin] [--json]
       sota-mcp approvals reject ID [--json]
       sota-mcp approvals pin [--pin-stdin]

An agent asks before it changes where its money goes, and before it spends more than you allowed. Here you answer. An
approval is for exactly what it says, for one hour and for one time.

approve needs a terminal, so that a program cannot do it in your place. With a PIN (approvals pin) it asks for that, and
takes it from standard input with --pin-stdin.

${describeFlags(flags)}

Examples:
  sota-mcp approvals list
  sota-mcp approvals approve apr_f3k7qz2m5wsxtbve`;

const WORDS = ['list', 'approve', 'reject', 'pin'] as const;

interface Desk {
  readonly approvals: Approvals;
  readonly pin: OwnerPin;
  readonly terminal: Terminal;
  readonly pinStdin: boolean;
}

export const command = {
  name: 'approvals',
  summary: 'See what the agent asks for, and allow or refuse it',
  async run(argv: readonly string[]): Promise<number> {
    const words = argv.filter((word) => !word.startsWith('-'));
    const values = parseFlags(
      argv.filter((word) => word.startsWith('-')),
      flags,
    );
    if (values.help) {
      console.log(help);
      return 0;
    }
    const [word = 'list', id, ...more] = words;
    if (!(WORDS as readonly string[]).includes(word)) oneOf('approvals', word, WORDS);
    const takesId = word === 'approve' || word === 'reject';
    if (more.length > 0 || (!takesId && id !== undefined))
      throw new UsageError(`Unexpected argument '${more[0] ?? id}'`);
    if (takesId && id === undefined)
      throw new UsageError(`approvals ${word} takes the id of a request; see approvals list`);
    const stateDir = stateDirectory(process.env);
    const terminal = openTerminal();
    const desk = {
      approvals: createApprovals(stateDir, { clock: systemClock }),
      pin: createOwnerPin(stateDir, { clock: systemClock }),
      terminal,
      pinStdin: values['pin-stdin'] === true,
    };
    try {
      if (word === 'list') return await list(desk, values);
      const work = word === 'pin' ? () => setPin(desk) : () => decide(desk, word === 'approve', id ?? '', values.json);
      return await runCommand(values.json, work);
    } finally {
      terminal.close();
    }
  },
};

async function list(
  { approvals, pin }: Desk,
  { all, json }: { all?: boolean | undefined; json?: boolean | undefined },
) {
  const found = (await approvals.list()).filter(({ state }) => all || state === 'pending');
  if (json) {
    console.log(JSON.stringify(found.map(forMachines)));
    return 0;
  }
  console.log(found.length === 0 ? 'Nothing is waiting for you.' : found.map(forPeople).join('\n\n'));
  if (!(await pin.isSet())) console.log('\nNo PIN is set. Set one with  sota-mcp approvals pin');
  return 0;
}

async function decide(desk: Desk, allow: boolean, id: string, asJson: boolean | undefined): Promise<Said> {
  const { approvals, terminal } = desk;
  const found = await approvals.get(id);
  if (!found) throw new Error(`There is no request ${JSON.stringify(id.slice(0, 40))}; see sota-mcp approvals list`);
  if (found.state !== 'pending') throw new Error(`${id} is ${found.state} already`);
  if (allow) {
    if (!asJson) terminal.say(forPeople(found));
    await proveOwner('Allow exactly this, once?', desk);
  }
  const decision = allow ? 'approved' : 'rejected';
  const now = await approvals.decide(id, decision, 'terminal');
  if (now?.state !== decision) throw new Error(`${id} is ${now?.state ?? 'gone'} already`);
  return {
    facts: forMachines(now),
    lines: [allow ? 'Approved, for one hour. The agent may call again now.' : 'Rejected.'],
  };
}

async function setPin({ pin, terminal, pinStdin }: Desk): Promise<Said> {
  if (await pin.isSet()) await proveOwner('The PIN you have.', { pin, terminal, pinStdin });
  // The first PIN is what later tells the owner from a program, so no program may set it.
  else if (!terminal.interactive) throw new NotTheOwner('The first PIN is set in a terminal.');
  const hidden = { hidden: true };
  const chosen = pinStdin && !terminal.interactive ? await terminal.line() : await terminal.ask('New PIN: ', hidden);
  if (terminal.interactive && (await terminal.ask('Once more: ', hidden)) !== chosen) {
    throw new NotTheOwner('The two differ. Nothing was changed.');
  }
  try {
    await pin.set(chosen);
  } catch (error) {
    throw new NotTheOwner(error instanceof Error ? error.message : String(error));
  }
  return {
    facts: { pin: 'set' },
    lines: ['The PIN is set. approvals approve, unlock and operations map ask for it from now on.'],
  };
}

function forPeople({ id, state, what, why, agentId, origin, expiresAt, decidedBy }: Approval): string {
  const decided = decidedBy === undefined ? '' : ` (${decidedBy})`;
  return [
    `${id}  ${state}${decided}`,
    `  ${what}`,
    `  because ${why}`,
    `  agent ${agentId || '(not registered)'} at ${origin}`,
    ...(state === 'pending' || state === 'approved' ? [`  until ${isoTime(expiresAt)}`] : []),
  ].join('\n');
}

function forMachines({ id, state, what, why, operation, agentId, origin, askedAt, expiresAt, decidedBy }: Approval) {
  return {
    id,
    state,
    what,
    why,
    operation,
    agent_id: agentId,
    origin,
    asked_at: isoTime(askedAt),
    expires_at: isoTime(expiresAt),
    ...(decidedBy === undefined ? {} : { decided_by: decidedBy }),
  };
}
