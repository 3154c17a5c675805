import { join } from 'node:path';
import { openDeadLetters } from '#runner/state/dead-letters.ts';
import { holderOf, STATE_FOLDER } from '#runner/state/state-folder.ts';
import { describeFlags, oneOf, parseFlags, UsageError } from '../flags.ts';
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

const help = `Usage: sota-runner dead list|show ID|redrive ID [options]

Jobs that were put aside: they crashed the runner twice, or their result could not be handed over. ID is that of the
job. redrive has the runner take it up again, at its next look or its next start.

${describeFlags(flags)}`;

export const command = {
  name: 'dead',
  summary: 'Jobs that were put aside',
  async run(argv: readonly string[]): Promise<number> {
    const words = argv.slice(0, 2).filter((word) => !word.startsWith('-'));
    const values = parseFlags(argv.slice(words.length), flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const action = oneOf('dead', words[0] ?? 'list', ['list', 'show', 'redrive']);
    const id = words[1];
    if (action !== 'list' && id === undefined) throw new UsageError(`dead ${action} takes the id of a job`);
    try {
      const { folder } = loadAgent(values.config);
      const letters = openDeadLetters(join(folder, STATE_FOLDER));
      const all = await letters.list();
      if (action === 'list') {
        if (values.json) console.log(JSON.stringify(all));
        else if (all.length === 0) console.log('Nothing was put aside');
        else for (const { at, reason, record } of all) console.log(`${record.job.id}  ${at}  ${reason}`);
        return 0;
      }
      const found = all.find(({ name, record }) => name === id || record.job.id === id);
      if (!found || id === undefined) {
        console.error(`sota-runner dead: nothing was put aside under ${id}`);
        return 1;
      }
      if (action === 'show') console.log(JSON.stringify(found, null, 2));
      else {
        await letters.askRedrive(id);
        const when =
          (await holderOf(folder)) === undefined ? 'when a runner starts here' : 'at the next look of the runner';
        console.log(`${found.record.job.id} is taken up again ${when}, if the marketplace still wants it`);
      }
      return 0;
    } catch (error) {
      return explainFailure('dead', error);
    }
  },
};
