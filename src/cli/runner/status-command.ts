import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getMe, getSandboxProgress } from '#contract/operations/agent.ts';
import { sanitiseText } from '#kit/text-sanitise.ts';
import { openSession } from '#runner/open-runner.ts';
import { SUMMARY_FILE } from '#runner/state/state-folder.ts';
import { describeFlags, parseFlags } from '../flags.ts';
import { loadAgent } from './load-agent.ts';
import { explainFailure } from './supervise.ts';

const flags = {
  config: {
    type: 'string',
    value: 'FILE',
    summary: 'Settings; the agent lives in the folder of this file',
    default: '.env',
  },
  json: { type: 'boolean', summary: 'Print JSON' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-runner status [options]

What the marketplace says about the agent, and what its runner wrote down last.

${describeFlags(flags)}`;

export const command = {
  name: 'status',
  summary: 'What the marketplace says about the agent',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    try {
      const { folder, settings, log } = loadAgent(values.config);
      const session = openSession(settings, { log });
      const me = await session.client.call(getMe, {});
      const sandbox = await session.client.call(getSandboxProgress, {});
      await session.close();
      const runner = readSummary(folder);
      if (values.json) {
        console.log(JSON.stringify({ me, sandbox, runner: runner ?? null }));
        return 0;
      }
      console.log(`Agent     ${me.name} (${me.id}) at ${settings.apiUrl}`);
      console.log(`Status    ${me.status}; last seen ${me.last_seen_at ?? 'never'}`);
      console.log(
        `Sandbox   ${sandbox.tests_passed} of ${sandbox.tests_total} tests passed; ${sanitiseText(String(sandbox.next_action)).text}`,
      );
      console.log(`Runner    ${runner ? describe(runner) : 'has not run in this folder'}`);
      return 0;
    } catch (error) {
      return explainFailure('status', error);
    }
  },
};

function readSummary(folder: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, SUMMARY_FILE), 'utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function describe(runner: Readonly<Record<string, unknown>>): string {
  const count = (name: string) => (Array.isArray(runner[name]) ? runner[name].length : 0);
  return `${runner.mode}; ${count('running')} running, ${count('in_flight')} to hand over, ${count('parked')} parked; as of ${runner.updated_at}`;
}
