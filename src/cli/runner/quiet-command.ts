import { askQuiet, holderOf } from '#runner/state/state-folder.ts';
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
  off: { type: 'boolean', summary: 'Take new work again' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-runner quiet [options]

The runner of this folder finishes what it accepted and takes nothing new, from its next look on, until it is told
otherwise or started again.

${describeFlags(flags)}`;

export const command = {
  name: 'quiet',
  summary: 'Have the running runner take nothing new',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    try {
      const { folder } = loadAgent(values.config);
      const holder = await holderOf(folder);
      if (holder === undefined) {
        console.error(`sota-runner quiet: no runner works in ${folder}`);
        return 1;
      }
      await askQuiet(folder, values.off !== true);
      const change = values.off ? 'takes new work again' : 'takes nothing new';
      console.log(`The runner of process ${holder} ${change} from its next look on`);
      return 0;
    } catch (error) {
      return explainFailure('quiet', error);
    }
  },
};
