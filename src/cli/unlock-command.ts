import { readFile, rm } from 'node:fs/promises';
import { createOwnerPin } from '#client/policy/pin.ts';
import { lockFile } from '#client/policy/refusal-log.ts';
import { systemClock } from '#kit/clock.ts';
import { errorCode } from '#kit/durable/disk.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { describeFlags, parseFlags } from './flags.ts';
import { NotTheOwner, proveOwner } from './owner-proof.ts';
import { openTerminal } from './terminal.ts';

const flags = {
  'pin-stdin': { type: 'boolean', summary: 'Read the owner PIN from standard input' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-mcp unlock [--pin-stdin]

After five refused calls within ten minutes nothing that spends is sent any more, until you have looked at refusals.log
in the state folder and unlock it here.

${describeFlags(flags)}

Examples:
  sota-mcp unlock`;

export const command = {
  name: 'unlock',
  summary: 'Allow spending again after too many refusals',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const stateDir = stateDirectory(process.env);
    const path = lockFile(stateDir);
    const terminal = openTerminal();
    try {
      const why = await readFile(path, 'utf8').catch((error: unknown) => {
        if (errorCode(error) === 'ENOENT') return undefined;
        throw error;
      });
      if (why === undefined) {
        terminal.say('Spending is not locked.');
        return 0;
      }
      terminal.say(`Locked: ${why.trim()}`);
      const pin = createOwnerPin(stateDir, { clock: systemClock });
      await proveOwner('Allow spending again?', { pin, terminal, pinStdin: values['pin-stdin'] === true });
      await rm(path, { force: true });
      terminal.say('Unlocked.');
      return 0;
    } catch (error) {
      if (!(error instanceof NotTheOwner)) throw error;
      console.error(`sota-mcp unlock: ${error.message}`);
      return 1;
    } finally {
      terminal.close();
    }
  },
};
