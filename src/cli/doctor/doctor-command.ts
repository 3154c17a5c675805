import { loadRoutes } from '#client/load-routes.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { accountFlags, openAccount } from '../account/open-account.ts';
import { exit } from '../exit-codes.ts';
import { describeFlags, parseFlags } from '../flags.ts';
import { runCommand, type Said } from '../run-command.ts';
import { environment } from '../settings.ts';
import { launchOf } from '../setup/launch.ts';
import { withSpinner } from '../terminal/spinner.ts';
import { examineConfig, examineKey, examineNode, examineProxy, examineStateDirectory } from './examine-machine.ts';
import { examineContract, examineIdentity, reach } from './examine-market.ts';
import { examineServer } from './examine-server.ts';
import { type Finding, skipped } from './finding.ts';

const flags = {
  offline: { type: 'boolean', summary: 'Examine this machine only; send nothing' },
  ...accountFlags,
} as const;

const help = `Usage: sota-mcp doctor [options]

Examines everything that has to work: Node.js, the key and whether the host expanded it, settings, the state directory,
proxy and certificates, the way to the marketplace, the clocks, whether the key is accepted, the server itself, and
whether the marketplace offers what this program expects. Changes nothing. Ends with 1 if there is a problem.

${describeFlags(flags)}

Examples:
  sota-mcp doctor
  sota-mcp doctor --offline
  sota-mcp doctor --json --api-url https://api.sota.market`;

const MARKS = { ok: '✓', note: '!', problem: '✗', skipped: '-' } as const;

export const command = {
  name: 'doctor',
  summary: 'Examine everything that has to work',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    return await runCommand(values.json, async () => {
      const findings = await withSpinner('Examining', (say) => examine(values, say));
      return report(findings);
    });
  },
};

async function examine(
  values: ReturnType<typeof parseFlags<typeof flags>>,
  say: (label: string) => void,
): Promise<Finding[]> {
  const account = openAccount(values);
  try {
    const env = environment();
    const stateDir = stateDirectory(env);
    const stored = account.credentials.get(account.originId)?.api_key;
    const findings = [
      examineNode(),
      ...(account.local ? [] : [examineKey(env, stored === undefined ? undefined : `${stored.slice(0, 12)}…`)]),
      await examineConfig(stateDir),
      await examineStateDirectory(stateDir),
    ];
    say('Starting the server');
    const launch = launchOf({ script: process.argv[1] ?? '', node: process.execPath, path: env.PATH });
    const script = launch.kind === 'node' ? launch.script : (process.argv[1] ?? '');
    findings.push(await examineServer(script, account.local ? ['--local'] : []));
    if (values.offline) return [...findings, skipped('reachability', 'Not examined (--offline).')];
    say('Asking the marketplace');
    const origin = await account.session.origin();
    findings.push(...(await examineProxy(origin, env)));
    const { findings: reached, document } = await reach(origin);
    findings.push(...reached);
    // Further questions would only wait and fail the same way.
    if (reached.some(({ check, result }) => check === 'reachability' && result === 'problem')) return findings;
    const hasKey = account.session.known() !== undefined;
    findings.push(hasKey ? await examineIdentity(account.session) : skipped('identity', 'There is no key to try.'));
    findings.push(examineContract(document, account.local ? {} : loadRoutes(stateDir, account.originId)));
    return findings;
  } finally {
    await account.close();
  }
}

function report(findings: readonly Finding[]): Said {
  const problems = findings.filter(({ result }) => result === 'problem').length;
  return {
    facts: { healthy: problems === 0, problems, findings },
    lines: [
      ...findings.flatMap(({ check, result, says, fix }) => [
        `${MARKS[result]} ${check}: ${says}`,
        ...(fix ? [`    ${fix}`] : []),
      ]),
      '',
      problems === 0 ? 'Everything works.' : `${problems} ${problems === 1 ? 'problem' : 'problems'}.`,
    ],
    code: problems === 0 ? exit('ok') : exit('failed'),
  };
}
