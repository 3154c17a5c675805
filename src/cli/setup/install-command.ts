import { describeFlags, parseCommandLine } from '../flags.ts';
import { addServer } from '../hosts/edit-host-file.ts';
import { hosts } from '../hosts/host-table.ts';
import { runCommand } from '../run-command.ts';
import { changeHostFile } from './change-host-file.ts';
import { entryFlags, fileFlags, hostOf, nameOf, scopeOf, surroundings, wantedEntry } from './host-flags.ts';

const flags = {
  ...entryFlags,
  'dry-run': { type: 'boolean', summary: 'Show what would change, and change nothing' },
  ...fileFlags,
} as const;

const help = `Usage: sota-mcp install <host> [options]

Adds the server to the config file of an MCP host: ${hosts.map(({ id }) => id).join(', ')}.

Shows what changes and keeps a copy of the file. Comments, other servers and what you added to an earlier entry stay.
Run it again with other options to change the entry. Run through npx it writes npx; run from a clone or a global
installation it writes the absolute path of the built server.

${describeFlags(flags)}

Examples:
  sota-mcp install claude-code --local
  sota-mcp install codex --profile worker
  sota-mcp install cursor --scope project --key-from-env
  sota-mcp install vscode --dry-run`;

export const command = {
  name: 'install',
  summary: 'Add the server to an MCP host',
  async run(argv: readonly string[]): Promise<number> {
    const { values, words } = parseCommandLine(argv, flags, 1);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const host = hostOf(words, 'install');
    const where = surroundings();
    const scope = scopeOf(host, values.scope);
    const name = nameOf(values.name);
    const { entry, input, hints } = wantedEntry(host, values, where);
    return await runCommand(values.json, async () => {
      const change = await changeHostFile(host.file(scope, where), values['dry-run'] ?? false, (text) =>
        addServer(host, text, name, entry, input),
      );
      const { file, state, diff, backup } = change;
      return {
        facts: { host: host.id, file, server: name, state, ...(backup ? { backup } : {}), entry, diff },
        lines: [
          ...(state === 'unchanged' ? [] : [file, '', diff, '']),
          headline(state, host.title, file),
          ...(backup ? [`The file as it was: ${backup}`] : []),
          ...(state === 'changed' ? [host.afterwards] : []),
          ...hints,
        ],
      };
    });
  },
};

function headline(state: string, title: string, path: string): string {
  if (state === 'unchanged') return `${title} has this entry already (${path}). Nothing was changed.`;
  return state === 'would_change' ? 'Nothing was changed (--dry-run).' : `Added to ${title}.`;
}
