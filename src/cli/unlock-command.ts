import { readFile, rm } from 'node:fs/promises';
import { createOwnerPin } from '#client/policy/pin.ts';
import { lockFile } from '#client/policy/refusal-log.ts';
import { systemClock } from '#kit/clock.ts';
import { errorCode } from '#kit/durable/disk.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { describeFlags, parseFlags } from './flags.ts';
import { proveOwner } from './owner-proof.ts';
import { runCommand, type Said } from './run-command.ts';
import { openTerminal } from './terminal.ts';

const flags = {
  'pin-stdin': { type: 'boolean', summary: 'Read the owner PIN from standard input' },
  json: { type: 'boolean', summary: 'Print one line of JSON' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-mcp unlock [--pin-stdin] [--json]

After five refused calls within ten minutes nothing that spends is sent any more, until you have looked at refusals.log
in the state folder and unlock it here.

${describeFlags(flags)}

Examples:
  sota-mcp unlock
  pass show sota-pin | sota-mcp unlock --pin-stdin --json`;

export const command = {
  name: 'unlock',
  summary: 'Allow spending again after too many refusals',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    return await runCommand(values.json, () => unlock(values));
  },
};

async function unlock(values: { json?: boolean | undefined; 'pin-stdin'?: boolean | undefined }): Promise<Said> {
  const stateDir = stateDirectory(process.env);
  const path = lockFile(stateDir);
  const why = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (why === undefined) return { facts: { state: 'not_locked' }, lines: ['Spending is not locked.'] };
  const terminal = openTerminal();
  try {
    if (!values.json) terminal.say(`Locked: ${why.trim()}`);
    const pin = createOwnerPin(stateDir, { clock: systemClock });
    await proveOwner('Allow spending again?', { pin, terminal, pinStdin: values['pin-stdin'] === true });
  } finally {
    terminal.close();
  }
  await rm(path, { force: true });
  return { facts: { state: 'unlocked', because: why.trim() }, lines: ['Unlocked.'] };
}
