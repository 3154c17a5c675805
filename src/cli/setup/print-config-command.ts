import { describeFlags, parseCommandLine } from '../flags.ts';
import { printEntry } from '../hosts/edit-host-file.ts';
import { runCommand } from '../run-command.ts';
import { entryFlags, fileFlags, hostOf, nameOf, scopeOf, surroundings, wantedEntry } from './host-flags.ts';

const flags = { ...entryFlags, ...fileFlags } as const;

const help = `Usage: sota-mcp print-config <host> [options]

Prints what install would write, for a file you would rather edit yourself.

${describeFlags(flags)}

Examples:
  sota-mcp print-config codex --local
  sota-mcp print-config claude-desktop --profile worker`;

export const command = {
  name: 'print-config',
  summary: 'Print the entry for an MCP host',
  async run(argv: readonly string[]): Promise<number> {
    const { values, words } = parseCommandLine(argv, flags, 1);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const host = hostOf(words, 'print-config');
    const where = surroundings();
    const file = host.file(scopeOf(host, values.scope), where);
    const name = nameOf(values.name);
    const { entry, input } = wantedEntry(host, values, where);
    return await runCommand(values.json, async () => {
      const text = printEntry(host, name, entry, input).trimEnd();
      // The place goes to stderr, so that the output can be piped into a file.
      if (!values.json) console.error(`For ${file}:`);
      return { facts: { host: host.id, file, server: name, entry, text }, lines: [text] };
    });
  },
};
