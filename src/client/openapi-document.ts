/** What an OpenAPI 3 document says about operations: as much of it as this program acts on. Nothing is ever fetched. */

/** One operation as the document offers it. */
export interface OfferedOperation {
  /** Upper case. */
  readonly method: string;
  /** With the path of the first server in front: paths are relative to it, and it is often a prefix. */
  readonly path: string;
  readonly operationId: string | undefined;
  /** Whether it declares an Idempotency-Key header, so that a repeat is safe. */
  readonly keyed: boolean;
  /** The schema of its JSON body as it stands in the document; undefined where it has none. */
  readonly bodySchema: unknown;
}

/** As addresses are. They are printed and named in sentences, where no sentence of others may stand. */
const PATH = /^\/[\w./{}~:@%!$&'()*+,;=-]{0,300}$/;
const OPERATION_ID = /^[\w.:/-]{1,200}$/;
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/**
 * Every operation of a document.
 * @throws Error where it has no paths
 */
export function readOfferedOperations(document: unknown): OfferedOperation[] {
  const paths = field(document, 'paths');
  if (typeof paths !== 'object' || paths === null) throw new Error('The OpenAPI document has no paths');
  const base = basePath(document);
  return Object.entries(paths).flatMap(([path, item]) =>
    (PATH.test(path) ? METHODS : []).flatMap((method) => {
      const operation = field(item, method);
      if (typeof operation !== 'object' || operation === null) return [];
      const operationId = field(operation, 'operationId');
      const parameters = [...listOf(field(item, 'parameters')), ...listOf(field(operation, 'parameters'))];
      const content = field(resolveReference(document, field(operation, 'requestBody')), 'content');
      return [
        {
          method: method.toUpperCase(),
          path: base + path,
          operationId: typeof operationId === 'string' && OPERATION_ID.test(operationId) ? operationId : undefined,
          keyed: parameters.some((parameter) => isKeyHeader(resolveReference(document, parameter))),
          bodySchema: field(field(content, 'application/json'), 'schema'),
        },
      ];
    }),
  );
}

/**
 * Equal for equal routes, whatever their path parameters are called.
 * @example routeSignature('get', '/jobs/{id}/') === routeSignature('GET', '/jobs/{job_id}')
 */
export function routeSignature(method: string, path: string): string {
  return `${method.toUpperCase()} ${path.replace(/\{[^}]*\}/g, '{}').replace(/\/+$/, '')}`;
}

/** What a reference inside the document leads to; any other value is itself. */
export function resolveReference(document: unknown, value: unknown): unknown {
  const reference = field(value, '$ref');
  return typeof reference === 'string' ? (target(document, reference) ?? value) : value;
}

/** A reference that stays inside the document; undefined for every other one. */
export function target(document: unknown, reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined;
  return reference
    .slice(2)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>(field, document);
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function basePath(document: unknown): string {
  const url = field(listOf(field(document, 'servers'))[0], 'url');
  if (typeof url !== 'string') return '';
  try {
    return new URL(url, 'http://origin.invalid').pathname.replace(/\/+$/, '');
  } catch {
    return '';
  }
}

function isKeyHeader(parameter: unknown): boolean {
  return field(parameter, 'in') === 'header' && String(field(parameter, 'name')).toLowerCase() === 'idempotency-key';
}
