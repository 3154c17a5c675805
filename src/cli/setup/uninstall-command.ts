import { describeFlags, parseCommandLine } from '../flags.ts';
import { ConfigFileError } from '../hosts/config-text.ts';
import { removeServer } from '../hosts/edit-host-file.ts';
import { renderDiff } from '../hosts/text-diff.ts';
import { readConfigFile, writeConfigFile } from '../hosts/write-config-file.ts';
import { runCommand } from '../run-command.ts';
import { fileFlags, hostOf, nameOf, scopeOf, surroundings } from './host-flags.ts';
import { stampNow } from './stamp.ts';

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
      try {
        const file = await readConfigFile(path);
        const text = removeServer(host, file.text, name);
        const changed = text !== file.text;
        const dryRun = values['dry-run'] ?? false;
        const diff = changed ? renderDiff(file.text, text) : '';
        const backup = changed && !dryRun ? await writeConfigFile(file, text, stampNow()) : undefined;
        const state = !changed ? 'unchanged' : dryRun ? 'would_change' : 'changed';
        return {
          facts: { host: host.id, file: file.path, server: name, state, ...(backup ? { backup } : {}), diff },
          lines: changed
            ? [
                file.path,
                '',
                diff,
                '',
                dryRun ? 'Nothing was changed (--dry-run).' : `Removed from ${host.title}.`,
                ...(backup ? [`The file as it was: ${backup}`] : []),
              ]
            : [`${host.title} has no server ${name} in ${path}. Nothing was changed.`],
        };
      } catch (error) {
        if (!(error instanceof ConfigFileError)) throw error;
        throw new ConfigFileError(`${path}: ${error.message}. Nothing was changed.`);
      }
    });
  },
};
