import { createConfigStore } from '#client/config-store.ts';
import { compareContract } from '#client/contract-drift.ts';
import { readOfferedOperations, routeSignature } from '#client/openapi-document.ts';
import { misfit, parseRoute, type Route, routesOf, routeText, withRoute } from '#client/operations-map.ts';
import { createOwnerPin } from '#client/policy/pin.ts';
import type { Operation } from '#contract/define-operation.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { openapi } from '#contract/operations/discovery.ts';
import { operationById, operations } from '#contract/operations/registry.ts';
import { systemClock } from '#kit/clock.ts';
import { closest } from '#kit/closest.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { reveal } from '#kit/untrusted.ts';
import { type Account, accountFlags, withAccount } from './account/open-account.ts';
import { describeFlags, oneOf, parseCommandLine, UsageError } from './flags.ts';
import { proveOwner } from './owner-proof.ts';
import { runCommand, type Said } from './run-command.ts';
import { openTerminal } from './terminal.ts';

const { 'api-url': apiUrl, json, help: helpFlag } = accountFlags;
const flags = {
  'api-url': apiUrl,
  'pin-stdin': { type: 'boolean', summary: 'map: read the owner PIN from standard input' },
  json,
  help: helpFlag,
} as const;

const help = `Usage: sota-mcp operations list
       sota-mcp operations map <operation> <METHOD> <path> [--pin-stdin]
       sota-mcp operations unmap <operation>

A marketplace may offer an operation under another path than this program knows; sota-mcp doctor proposes which. Whether
it is the same one, a person decides here. map reads the marketplace's OpenAPI document, shows both sides, and needs a
terminal or the owner PIN (sota-mcp approvals pin). What decides over money is still compared with that document, field by
field, before each request.

${describeFlags(flags)}

Examples:
  sota-mcp operations map withdraw POST /api/v2/payouts/withdrawals
  sota-mcp operations unmap withdraw
  sota-mcp operations list --json`;

const WORDS = ['list', 'map', 'unmap'] as const;

export const command = {
  name: 'operations',
  summary: 'Say where a marketplace offers what it calls otherwise',
  async run(argv: readonly string[]): Promise<number> {
    const { values, words } = parseCommandLine(argv, flags, 4);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const [word = 'list', id, ...rest] = words;
    const action = (WORDS as readonly string[]).includes(word) ? word : oneOf('operations', word, WORDS);
    if (action === 'list' && id === undefined) return await runCommand(values.json, async () => list());
    const operation = operationOf(id);
    if (action === 'unmap' && rest.length === 0) {
      return await runCommand(values.json, () => withAccount(values, (account) => unmap(operation, account)));
    }
    const route = parseRoute(rest.join(' '));
    if (action !== 'map' || !route)
      throw new UsageError('operations map takes an operation, a method and a path; see --help');
    return await runCommand(values.json, () =>
      withAccount(values, (account) => map(operation, route, account, values)),
    );
  },
};

function operationOf(id: string | undefined): Operation {
  const known = operations.filter(({ family }) => family !== 'local').map((operation) => operation.id);
  const found = id === undefined || !known.includes(id) ? undefined : operationById(id);
  if (found) return found;
  if (id === undefined) throw new UsageError('Which operation? sota-mcp doctor names those that are not offered');
  const meant = closest(id, known);
  throw new UsageError(`There is no operation '${id.slice(0, 40)}'${meant ? `; did you mean ${meant}?` : ''}`);
}

const store = () => createConfigStore(stateDirectory(process.env));

function list(): Said {
  const config = store();
  const { path } = config;
  const map = config.content().operations ?? {};
  if (typeof map !== 'object' || Array.isArray(map)) throw new Error(`operations in ${path} is not an object`);
  const origins = Object.keys(map).map((origin) => ({
    origin,
    operations: Object.fromEntries(Object.entries(routesOf(map, origin)).map(([id, route]) => [id, routeText(route)])),
  }));
  const lines = origins.flatMap(({ origin, operations: routes }) => [
    origin,
    ...Object.entries(routes).map(([id, route]) => `  ${id}  ${route}`),
  ]);
  return {
    facts: { file: path, origins },
    lines: lines.length > 0 ? lines : ['Nothing is mapped: every operation is sent where this program knows it.'],
  };
}

async function map(
  operation: Operation,
  route: Route,
  { client, originId: origin, local }: Account,
  { json: asJson, 'pin-stdin': pinStdin }: { json?: boolean | undefined; 'pin-stdin'?: boolean | undefined },
): Promise<Said> {
  refuseLocal(local);
  const document = reveal(await client.call(openapi, {}));
  const offered = readOfferedOperations(document).map((offer) => routeSignature(offer.method, offer.path));
  const known = offered.includes(routeSignature(route.method, route.path));
  const problem = known ? misfit(operation, route) : `${origin} does not offer ${routeText(route)}`;
  if (problem !== undefined) throw notMapped(operation, problem);
  const terminal = openTerminal();
  try {
    const difference = compareContract([operation], document, { [operation.id]: route }).fields[0];
    const { money, id, summary } = operation;
    const about = [
      `${id}: ${summary}${money ? '. It moves money' : ''}`,
      `  known here as    ${operation.method} ${operation.path}`,
      `  would be sent to ${routeText(route)}`,
      `  at               ${origin}`,
      ...(difference?.unknown_required.length
        ? [`  it demands fields we do not send: ${shown(difference.unknown_required)}`]
        : []),
      ...(difference?.not_taken.length ? [`  it does not name fields we send: ${shown(difference.not_taken)}`] : []),
    ];
    if (!asJson) terminal.say(about.join('\n'));
    const pin = createOwnerPin(stateDirectory(process.env), { clock: systemClock });
    await proveOwner('Is that the same operation?', { pin, terminal, pinStdin: pinStdin === true });
  } finally {
    terminal.close();
  }
  return await write(operation, origin, route);
}

async function unmap(operation: Operation, { originId, local }: Account): Promise<Said> {
  refuseLocal(local);
  return await write(operation, originId, undefined);
}

async function write({ id, method, path }: Operation, origin: string, route: Route | undefined): Promise<Said> {
  const config = store();
  await config.edit((content) => ({ ...content, operations: withRoute(content.operations, origin, id, route) }));
  const sent = routeText(route ?? { method, path });
  return {
    facts: { operation: id, origin, route: route ? sent : null, file: config.path },
    lines: [`${id} is sent to ${sent} at ${origin}. Servers that run already do so from their next call on.`],
  };
}

function refuseLocal(local: boolean): void {
  if (local)
    throw new UsageError(
      'The marketplace of this package offers everything as it is known; name another with --api-url',
    );
}

function notMapped({ id }: Operation, problem: string): SotaError {
  return new SotaError({
    code: 'operation_not_offered',
    message: `${id} cannot be mapped: ${problem}. Nothing was changed.`,
    fix: 'sota-mcp doctor proposes what may be meant.',
  });
}

/** Names from a stranger's document, which this terminal must not obey. */
function shown(names: readonly string[]): string {
  return names.map((name) => (/^[\w$.-]{1,60}$/.test(name) ? name : JSON.stringify(name.slice(0, 60)))).join(', ');
}
