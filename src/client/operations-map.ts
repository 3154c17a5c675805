/**
 * The owner's operations map: under which route a marketplace offers an operation that this program knows by another.
 * It stands in `config.json` as
 *
 *   "operations": { "https://api.sota.market": { "withdraw": "POST /api/v2/payouts/withdrawals" } }
 *
 * A person puts an entry there (`sota-mcp operations map`); similar words prove nothing where money moves. An entry never
 * widens what is sent: the route must also stand in the OpenAPI document of that marketplace.
 */
import type { Operation } from '#contract/define-operation.ts';

/** A method and a path template. */
export interface Route {
  /** Upper case. */
  readonly method: string;
  readonly path: string;
}

/** Routes by the id of the operation. */
export type Routes = Readonly<Record<string, Route>>;

const ROUTE = /^(GET|POST|PUT|PATCH|DELETE) (\/[\w./{}~:@%-]{0,300})$/;

/** @example parseRoute('post /api/v2/out') // { method: 'POST', path: '/api/v2/out' } */
export function parseRoute(text: string): Route | undefined {
  const [, method, path] = ROUTE.exec(text.trim().replace(/^\w+/, (word) => word.toUpperCase())) ?? [];
  if (method === undefined || path === undefined || path.split('/').some((part) => /^\.{1,2}$/.test(part)))
    return undefined;
  return { method, path };
}

export function routeText({ method, path }: Route): string {
  return `${method} ${path}`;
}

/**
 * The routes of one origin.
 * @param operations what stands under that name in the configuration file
 * @throws Error where it cannot be read: what a person wrote must not be passed over in silence
 */
export function routesOf(operations: unknown, origin: string): Routes {
  if (operations === undefined) return {};
  const map = record(operations, 'operations');
  if (!Object.hasOwn(map, origin)) return {};
  const entries = Object.entries(record(map[origin], `operations for ${origin}`)).map(([id, text]) => {
    const route = typeof text === 'string' ? parseRoute(text) : undefined;
    if (!route) throw new Error(`${id} in operations is no route such as "POST /api/v1/jobs"`);
    return [id, route] as const;
  });
  return Object.fromEntries(entries);
}

/** The map with a route for one operation of one origin, or without it. */
export function withRoute(operations: unknown, origin: string, id: string, route: Route | undefined): unknown {
  const map = operations === undefined ? {} : record(operations, 'operations');
  const { [id]: _before, ...others } = Object.hasOwn(map, origin)
    ? record(map[origin], `operations for ${origin}`)
    : {};
  const entries = route === undefined ? others : { ...others, [id]: routeText(route) };
  const { [origin]: _whole, ...origins } = map;
  return Object.keys(entries).length === 0 ? origins : { ...origins, [origin]: entries };
}

/**
 * Why an operation cannot be sent by a route; undefined where it can. What only reads must go on reading, and every
 * path parameter has to have a place.
 */
export function misfit(operation: Operation, route: Route): string | undefined {
  if ((operation.method === 'GET') !== (route.method === 'GET')) {
    return operation.method === 'GET' ? 'it only reads, and the route does not' : 'the route only reads';
  }
  const [own, theirs] = [namesIn(operation.path), namesIn(route.path)];
  return own.length === theirs.length ? undefined : `it has ${own.length} path parameters, the route ${theirs.length}`;
}

/**
 * A target made for our own path, moved to another: parameters keep their place, or their name where all names are the
 * same. The query stays.
 * @example moveTarget('/jobs/{job_id}/award', '/jobs/j1/award', '/v2/award/{id}') // '/v2/award/j1'
 */
export function moveTarget(template: string, target: string, path: string): string {
  const [own = '', search] = target.split(/\?(.*)/s);
  const parts = own.split('/');
  const names = namesIn(template);
  const values = template.split('/').flatMap((part, at) => (part.startsWith('{') ? [parts[at] ?? ''] : []));
  const byName = new Map(names.map((name, at) => [name, values[at] ?? '']));
  const sameNames = namesIn(path).every((name) => byName.has(name));
  let at = 0;
  const moved = path.replace(/\{([^}]*)\}/g, (_, name: string) => {
    const value = sameNames ? byName.get(name) : values[at];
    at += 1;
    return value ?? '';
  });
  return search === undefined ? moved : `${moved}?${search}`;
}

function namesIn(path: string): string[] {
  return [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name ?? '');
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${what} is not an object`);
  return value as Record<string, unknown>;
}
