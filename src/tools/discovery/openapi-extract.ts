import { closest } from '#kit/closest.ts';

/** One operation cut out of an OpenAPI document, with the schemas it needs and no others. */
export interface Extract {
  readonly operation: Record<string, unknown>;
  /** By name, as `#/components/schemas/<name>`. */
  readonly schemas: Record<string, unknown>;
  /** Referenced, but over the size limit. */
  readonly left_out: readonly string[];
}

export type Found =
  | { readonly kind: 'found'; readonly path: string; readonly extract: Extract }
  | { readonly kind: 'no_path'; readonly near: string | undefined }
  | { readonly kind: 'no_method'; readonly path: string; readonly methods: readonly string[] };

/** A path as an address has it: it is named in sentences of ours, and no sentence of others may be. */
const PATH = /^\/[\w./{}~:@%-]{0,200}$/;
const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'options', 'head', 'trace'];

/**
 * @param maxChars JSON characters of operation and schemas together
 * @example extractOperation(document, 'post', '/api/v1/agents/bid', 24_000)
 */
export function extractOperation(document: unknown, method: string, path: string, maxChars: number): Found {
  const paths = recordAt(document, 'paths');
  const known = Object.keys(paths).filter((candidate) => PATH.test(candidate));
  const match =
    known.find((candidate) => shape(candidate) === shape(path)) ?? known.find((candidate) => fits(candidate, path));
  if (match === undefined) return { kind: 'no_path', near: closestPath(path, known) };
  const item = recordAt(paths, match);
  const operation = item[method.toLowerCase()];
  if (!isRecord(operation)) {
    return {
      kind: 'no_method',
      path: match,
      methods: METHODS.filter((name) => isRecord(item[name])).map((name) => name.toUpperCase()),
    };
  }
  const shared = item.parameters === undefined ? {} : { path_parameters: item.parameters };
  return { kind: 'found', path: match, extract: collect(document, { ...operation, ...shared }, maxChars) };
}

/** Breadth first, so that what the operation names itself comes before what its schemas drag in. */
function collect(document: unknown, operation: Record<string, unknown>, maxChars: number): Extract {
  const schemas: Record<string, unknown> = {};
  const left_out: string[] = [];
  const done = new Set<string>();
  let chars = JSON.stringify(operation).length;
  let wave = refsIn(operation);
  while (wave.length) {
    const following: string[] = [];
    for (const ref of wave) {
      if (done.has(ref)) continue;
      done.add(ref);
      const name = ref.replace(/^#\/components\/(schemas\/)?/, '');
      const target = resolve(document, ref);
      const size = JSON.stringify(target ?? null).length;
      if (target === undefined || chars + size > maxChars) {
        left_out.push(name);
        continue;
      }
      chars += size;
      schemas[name] = target;
      following.push(...refsIn(target));
    }
    wave = following;
  }
  return { operation, schemas, left_out };
}

function refsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(refsIn);
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    key === '$ref' && typeof member === 'string' ? [member] : refsIn(member),
  );
}

/** Only references into the same document: a specification cannot make this server fetch anything. */
function resolve(document: unknown, ref: string): unknown {
  if (!ref.startsWith('#/')) return undefined;
  const tokens = ref
    .slice(2)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  return tokens.reduce<unknown>(
    (value, token) => (isRecord(value) && Object.hasOwn(value, token) ? value[token] : undefined),
    document,
  );
}

/** Parameter names in a template do not matter: /jobs/{id} is /jobs/{job_id}. */
function shape(path: string): string {
  return path.replace(/\{[^}]*\}/g, '{}').replace(/(.)\/+$/, '$1');
}

/** A concrete path such as /jobs/123 fits the template /jobs/{job_id}. */
function fits(template: string, path: string): boolean {
  const [a, b] = [template.split('/'), path.split('/')];
  return a.length === b.length && a.every((part, index) => part === b[index] || /^\{.*\}$/.test(part));
}

function closestPath(path: string, known: readonly string[]): string | undefined {
  const last = path.split('/').filter(Boolean).at(-1) ?? '';
  return closest(path, known) ?? known.find((candidate) => last.length > 2 && candidate.includes(last));
}

function recordAt(value: unknown, key: string): Record<string, unknown> {
  const member = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return isRecord(member) ? member : {};
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
