import { escapeHtml, page } from './page.ts';

/** The parts of an OpenAPI document these pages show. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly description?: string;
  readonly $ref?: string;
}
interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}
interface OperationObject {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, unknown>>[];
  readonly parameters: readonly { name: string; in: string; required: boolean; schema: Schema }[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
  readonly 'x-evidence': string;
}
interface Entry extends OperationObject {
  readonly method: string;
  readonly path: string;
}

const STYLE = `
main{max-width:62rem;margin:2rem auto}h2{margin:2rem 0 .5rem;font-size:1.1rem;text-transform:capitalize}h3{margin:1rem 0 .25rem;font-size:.95rem}
details{border:1px solid var(--line);border-radius:.5rem;margin:.4rem 0;padding:0 .75rem}summary{padding:.6rem 0;cursor:pointer}
.m{display:inline-block;min-width:4.2rem;font:600 .8rem ui-monospace,monospace}.GET{color:#1a7f37}.POST{color:#1f6feb}.PUT,.PATCH{color:#9a6700}.DELETE{color:#cf222e}
code{font:.9rem ui-monospace,monospace;overflow-wrap:anywhere}td{vertical-align:top}
.cols{display:grid;grid-template-columns:17rem 1fr;max-width:none;margin:0;padding:0;border:0;border-radius:0}.cols nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1rem;border-right:1px solid var(--line);font-size:.9rem}.cols nav a{display:block;padding:.15rem 0;text-decoration:none}.cols article{padding:1rem 2rem;max-width:60rem}.cols section{border-bottom:1px solid var(--line);padding:1rem 0}
@media(max-width:45rem){.cols{grid-template-columns:1fr}.cols nav{position:static;height:auto}}`;

/** One foldable line per operation, in families: for looking something up. */
export function listPage(document: Readonly<Record<string, unknown>>): string {
  const families = [...byFamily(document)].map(([family, entries]) => {
    const folds = entries.map(
      (entry) =>
        `<details id="${escapeHtml(entry.operationId)}"><summary>${headline(entry)} <span class="soft">${escapeHtml(entry.summary)}</span></summary>${detailsOf(entry)}</details>`,
    );
    return `<h2>${escapeHtml(family)}</h2>${folds.join('')}`;
  });
  return page('SOTA marketplace API', `<main>${introduction(document)}${families.join('')}</main>`, STYLE);
}

/** A table of contents beside one long text: for reading through. */
export function columnsPage(document: Readonly<Record<string, unknown>>): string {
  const families = [...byFamily(document)];
  const contents = families.map(
    ([family, entries]) =>
      `<h2>${escapeHtml(family)}</h2>${entries.map(({ operationId, summary }) => `<a href="#${escapeHtml(operationId)}">${escapeHtml(summary)}</a>`).join('')}`,
  );
  const sections = families.flatMap(([, entries]) =>
    entries.map(
      (entry) =>
        `<section id="${escapeHtml(entry.operationId)}"><h2>${escapeHtml(entry.summary)}</h2><p>${headline(entry)}</p>${detailsOf(entry)}</section>`,
    ),
  );
  const body = `<main class="cols"><nav>${contents.join('')}</nav><article>${introduction(document)}${sections.join('')}</article></main>`;
  return page('SOTA marketplace API reference', body, STYLE);
}

function byFamily(document: Readonly<Record<string, unknown>>): Map<string, Entry[]> {
  const families = new Map<string, Entry[]>();
  const paths = document.paths as Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const family = operation.tags[0] ?? 'other';
      families.set(family, [...(families.get(family) ?? []), { ...operation, path, method: method.toUpperCase() }]);
    }
  }
  return families;
}

function introduction(document: Readonly<Record<string, unknown>>): string {
  const { title, description } = document.info as { title: string; description: string };
  return `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(description)}</p><p><a href="/api/v1/openapi.json">openapi.json</a> · <a href="/api/v1/docs">list</a> · <a href="/api/v1/redoc">reference</a> · <a href="/skill.md">skill</a></p>`;
}

function headline({ method, path }: Entry): string {
  return `<span class="m ${method}">${method}</span> <code>${escapeHtml(path)}</code>`;
}

function detailsOf(entry: Entry): string {
  const keys = entry.security.flatMap((option) => Object.keys(option));
  const auth = keys.length ? keys.map((key) => (key === 'ApiKey' ? 'X-API-Key' : 'Bearer token')).join(' or ') : 'none';
  const rows = entry.parameters.map(({ name, in: where, required, schema }) =>
    row(name, `${typeName(schema)}, ${where}${required ? ', required' : ''}`, schema.description),
  );
  const body = schemaOf(entry.requestBody);
  const success = schemaOf(entry.responses['200']);
  const errors = Object.entries(entry.responses)
    .filter(([status]) => status !== '200')
    .map(([status, { description }]) => row(status, '', description));
  return [
    `<p class="soft">Authentication: ${auth}. Evidence: ${escapeHtml(entry['x-evidence'])}. Operation: <code>${escapeHtml(entry.operationId)}</code></p>`,
    rows.length ? `<h3>Parameters</h3>${table(rows)}` : '',
    body ? `<h3>Body</h3>${fields(body)}` : '',
    success ? `<h3>200</h3>${fields(success)}` : '',
    errors.length ? `<h3>Errors</h3>${table(errors)}` : '',
  ].join('');
}

function schemaOf(content: Content | undefined): Schema | undefined {
  return Object.values(content?.content ?? {})[0]?.schema;
}

/** The fields of an object, or of each shape a body may have. */
function fields(schema: Schema): string {
  const shapes = schema.anyOf ?? schema.oneOf;
  if (shapes?.some((shape) => shape.properties)) return shapes.map(fields).join('<p class="soft">or</p>');
  const { properties, required = [] } = schema.type === 'array' && schema.items ? schema.items : schema;
  if (!properties || !Object.keys(properties).length) return `<p><code>${escapeHtml(typeName(schema))}</code></p>`;
  const rows = Object.entries(properties).map(([name, field]) =>
    row(name, `${typeName(field)}${required.includes(name) ? '' : ', optional'}`, field.description),
  );
  return (schema.type === 'array' ? '<p class="soft">A list of:</p>' : '') + table(rows);
}

function typeName(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const shapes = schema.anyOf ?? schema.oneOf;
  if (shapes) return shapes.map(typeName).join(' | ');
  if (schema.type === 'array') return `list of ${schema.items ? typeName(schema.items) : 'anything'}`;
  return [schema.type ?? 'anything'].flat().join(' | ');
}

function row(name: string, type: string, description = ''): string {
  return `<tr><td><code>${escapeHtml(name)}</code></td><td>${escapeHtml(type)}</td><td>${escapeHtml(description)}</td></tr>`;
}

function table(rows: readonly string[]): string {
  return `<table>${rows.join('')}</table>`;
}
