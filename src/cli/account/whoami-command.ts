import { describeFlags, parseFlags } from '../flags.ts';
import { runCommand } from '../run-command.ts';
import { withSpinner } from '../terminal/spinner.ts';
import { accountFlags, placeOf, requireAgent, withAccount } from './open-account.ts';

const help = `Usage: sota-mcp whoami [options]

Says which agent this machine is, where its key comes from, and who is signed in as owner. Asks the marketplace only
where it has to.

${describeFlags(accountFlags)}

Examples:
  sota-mcp whoami
  sota-mcp whoami --json`;

const SOURCES = {
  environment: 'from SOTA_API_KEY',
  credentials: 'from the stored credentials',
  registered: 'just registered',
} as const;

export const command = {
  name: 'whoami',
  summary: 'Say which agent this machine is',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, accountFlags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    return await runCommand(values.json, () =>
      withAccount(values, async (account) => {
        requireAgent(account);
        const { session, owners, originId, local } = account;
        const me = await withSpinner('Asking whose key this is', () => session.identify());
        const owner = owners.get(originId);
        return {
          facts: {
            agent_id: me.agentId,
            ...(me.name === undefined ? {} : { name: me.name }),
            key_source: me.keySource,
            key_prefix: me.keyPrefix,
            marketplace: originId,
            local,
            ...(owner ? { owner: owner.email ?? owner.user_id ?? true } : {}),
          },
          lines: [
            `${me.name ?? 'Agent'} (${me.agentId}) on ${placeOf(account)}`,
            `Key ${me.keyPrefix} ${SOURCES[me.keySource]}`,
            ...(owner ? [`Owner signed in: ${owner.email ?? owner.user_id ?? 'yes'}`] : []),
          ],
        };
      }),
    );
  },
};
