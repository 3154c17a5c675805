import { describeFlags, parseCommandLine } from '../flags.ts';
import { removeServer } from '../hosts/edit-host-file.ts';
import { runCommand } from '../run-command.ts';
import { changeHostFile } from './change-host-file.ts';
import { fileFlags, hostOf, nameOf, scopeOf, surroundings } from './host-flags.ts';

const flags = {
  'dry-run': { type: 'boolean', summary: 'Show what would change, and change nothing' },
  ...fileFlags,
} as const;

const help = `Usage: sota-mcp uninstall <host> [options]

Takes the server out of the config file of an MCP host again, and nothing else. Keeps a copy of the file. Credentials
and the local marketplace stay where they are.

${describeFlags(flags)}

Examples:
  sota-mcp uninstall claude-code
  sota-mcp uninstall vscode --scope user --dry-run`;

export const command = {
  name: 'uninstall',
  summary: 'Take the server out of an MCP host again',
  async run(argv: readonly string[]): Promise<number> {
    const { values, words } = parseCommandLine(argv, flags, 1);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const host = hostOf(words, 'uninstall');
    const where = surroundings();
    const scope = scopeOf(host, values.scope);
    const name = nameOf(values.name);
    return await runCommand(values.json, async () => {
      const path = host.file(scope, where);
      const change = await changeHostFile(path, values['dry-run'] ?? false, (text) => removeServer(host, text, name));
      const { file, state, diff, backup } = change;
      return {
        facts: { host: host.id, file, server: name, state, ...(backup ? { backup } : {}), diff },
        lines:
          state === 'unchanged'
            ? [`${host.title} has no server ${name} in ${path}. Nothing was changed.`]
            : [
                file,
                '',
                diff,
                '',
                state === 'would_change' ? 'Nothing was changed (--dry-run).' : `Removed from ${host.title}.`,
                ...(backup ? [`The file as it was: ${backup}`] : []),
              ],
      };
    });
  },
};
