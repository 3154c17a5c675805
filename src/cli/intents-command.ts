import { type ListedIntent, listIntents, resolveIntent } from '#client/journal/inspect.ts';
import { systemClock } from '#kit/clock.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { describeFlags, parseFlags, UsageError } from './flags.ts';

const flags = {
  all: { type: 'boolean', summary: 'list: also those that are settled' },
  executed: { type: 'boolean', summary: 'resolve: it took effect' },
  'not-executed': { type: 'boolean', summary: 'resolve: it did not' },
  'result-id': { type: 'string', value: 'ID', summary: 'resolve: the id of what came of it, where you know it' },
  json: { type: 'boolean', summary: 'Print JSON' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-mcp intents list [--all] [--json]
       sota-mcp intents show <id> [--json]
       sota-mcp intents resolve <id> --executed | --not-executed [--result-id ID]

What agents on this machine set out to do, and what became of it. An intent without an outcome is settled by the server
itself the next time it runs; one that needs a human is too old to be sent again without the risk of doing it twice.

${describeFlags(flags)}

Examples:
  sota-mcp intents list
  sota-mcp intents show <id from the list>
  sota-mcp intents resolve <id from the list> --not-executed`;

export const command = {
  name: 'intents',
  summary: 'See what is still open, and say what became of it',
  async run(argv: readonly string[]): Promise<number> {
    const words = argv.filter((word) => !word.startsWith('-'));
    const resultId = argv.indexOf('--result-id');
    const given = resultId >= 0 ? words.filter((word) => word !== argv[resultId + 1]) : words;
    const values = parseFlags(
      argv.filter((word) => !given.includes(word)),
      flags,
    );
    const [action = 'list', id, ...more] = given;
    if (values.help) {
      console.log(help);
      return 0;
    }
    if (more.length > 0) throw new UsageError(`Unexpected argument '${more[0]}'`);
    const intents = await listIntents({ directory: stateDirectory(process.env), clock: systemClock });
    switch (action) {
      case 'list':
        return list(intents, values.all ?? false, values.json ?? false);
      case 'show':
        console.log(values.json ? JSON.stringify(find(intents, id)) : describe(find(intents, id)));
        return 0;
      case 'resolve':
        return await resolve(find(intents, id), values);
      default:
        throw new UsageError(`sota-mcp intents knows list, show and resolve, not '${action.slice(0, 40)}'`);
    }
  },
};

function list(intents: readonly ListedIntent[], all: boolean, json: boolean): number {
  const shown = intents.filter(
    ({ state }) => all || state === 'open' || state === 'needs_human' || state === 'corrupt',
  );
  if (json) {
    const rows = shown.map(({ id, state, operation, createdAt }) => ({ id, state, operation, created_at: createdAt }));
    console.log(JSON.stringify(rows));
    return 0;
  }
  if (shown.length === 0) console.log(all ? 'Nothing was ever begun here.' : 'Nothing is open.');
  for (const { id, state, operation, createdAt } of shown) {
    console.log(`${state.padEnd(11)}  ${createdAt.padEnd(24)}  ${operation.padEnd(20)}  ${id}`);
  }
  return 0;
}

function describe(intent: ListedIntent): string {
  const { id, state, operation, createdAt, directory, generation, corruptPath } = intent;
  const lines = [
    ['id', id],
    ['state', state],
    ['operation', operation],
    ['slot', generation?.intent.slot ?? ''],
    ['begun', createdAt],
    ['request', generation ? `${generation.intent.target} ${generation.intent.body ?? ''}` : ''],
    ['idempotency key', generation?.intent.key ?? ''],
    ['outcome', generation?.out ? JSON.stringify(generation.out) : 'not known'],
    ['answer seen', generation ? (generation.seen ? 'yes' : 'no') : ''],
    ['file', corruptPath ?? directory],
  ];
  return lines.map(([name, value]) => `${(name ?? '').padEnd(16)}${value}`).join('\n');
}

async function resolve(
  intent: ListedIntent,
  values: { executed: boolean | undefined; 'not-executed': boolean | undefined; 'result-id': string | undefined },
): Promise<number> {
  if (Boolean(values.executed) === Boolean(values['not-executed'])) {
    throw new UsageError('Say what you found out: --executed or --not-executed');
  }
  const resolution = values.executed ? 'executed' : 'not-executed';
  if (await resolveIntent(intent, resolution, { clock: systemClock, resultId: values['result-id'] })) {
    console.log(`${intent.id}: ${resolution}.`);
    return 0;
  }
  console.error(`sota-mcp intents: ${intent.id} is settled already (${intent.state}); that stands.`);
  return 1;
}

function find(intents: readonly ListedIntent[], id: string | undefined): ListedIntent {
  if (id === undefined) throw new UsageError('Give the id of an intent; sota-mcp intents list shows them');
  const found = intents.find((intent) => intent.id === id);
  if (!found) throw new UsageError(`There is no intent '${id.slice(0, 60)}'; sota-mcp intents list --all shows them`);
  return found;
}
