import { sanitiseText } from '#kit/text-sanitise.ts';
import type { ToolResult } from './define-tool.ts';

/**
 * Other people's words, marked before a model reads them.
 *
 * Every text of a result loses what cannot be seen, whoever wrote it, so a field someone forgot to list is still clean.
 * On top of that, the fields listed in `untrusted-fields.ts` are treated by kind:
 *   `prose`  sanitised and fenced: <untrusted-NONCE>…</untrusted-NONCE>, a nonce the author could not know
 *   `line`   sanitised, made one line, cut to a length at which a name or a title is still one
 *   `text`   `prose` where it is longer than a short line, else `line`
 *   `exact`  passed byte for byte: data a worker has to work on, where a changed byte is a wrong answer
 * The result says which of its fields are untrusted, and how many hidden characters were taken out.
 */
export type UntrustedKind = 'prose' | 'line' | 'text' | 'exact';

/** Paths such as `jobs[].title`, `entries[].payload.**`; `*` is any member, `[]` any row, `**` everything below. */
export type UntrustedFields = Readonly<Record<string, UntrustedKind>>;

const MAX_LINE = 200;
const SHORT_LINE = 80;

interface Marker {
  readonly nonce: string;
  readonly fields: readonly {
    readonly parts: readonly string[];
    readonly kind: UntrustedKind;
    readonly path: string;
  }[];
  readonly found: Set<string>;
  removed: number;
}

/**
 * The result with third-party text marked.
 * @param nonce unguessable and new for each response
 * @example protect({ job: { title: 'a\u202Eb' } }, { 'job.title': 'line' }, 'k3v9')
 * // { job: { title: 'ab' }, untrusted: ['job.title'], hidden_characters_removed: 1 }
 */
export function protect(result: ToolResult, fields: UntrustedFields, nonce: string): ToolResult {
  const marker: Marker = {
    nonce,
    fields: Object.entries(fields).map(([path, kind]) => ({
      path,
      kind,
      parts: path.replaceAll('[]', '.[]').split('.'),
    })),
    found: new Set(),
    removed: 0,
  };
  const clean = walk(result, [], marker) as Record<string, unknown>;
  if (marker.found.size) clean.untrusted = [...marker.found];
  if (marker.removed) clean.hidden_characters_removed = marker.removed;
  return clean;
}

function walk(value: unknown, path: readonly string[], marker: Marker): unknown {
  const field = marker.fields.find(({ parts }) => matches(parts, path));
  if (field?.kind === 'exact' && value !== null && value !== undefined) {
    marker.found.add(field.path);
    return value;
  }
  if (typeof value === 'string') return markText(value, field, marker);
  if (Array.isArray(value)) return value.map((item) => walk(item, [...path, '[]'], marker));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    return Object.fromEntries(
      entries.map(([key, member]) => [clean(key, marker), walk(member, [...path, key], marker)]),
    );
  }
  return value;
}

function markText(raw: string, field: Marker['fields'][number] | undefined, marker: Marker): string {
  const text = clean(raw, marker);
  if (!field || !text) return text;
  marker.found.add(field.path);
  const long = text.length > SHORT_LINE || text.includes('\n');
  if (field.kind === 'line' || (field.kind === 'text' && !long)) return oneLine(text);
  return fence(text, marker.nonce);
}

function fence(text: string, nonce: string): string {
  // A nonce the author cannot know makes a forged fence visible; unfolding the look-alike keeps it from being read as one.
  const inner = text.replace(/<(\/?)(untrusted)/gi, '<$1 $2');
  return `<untrusted-${nonce}>\n${inner}\n</untrusted-${nonce}>`;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line;
}

function clean(raw: string, marker: Marker): string {
  const { text, removed } = sanitiseText(raw);
  marker.removed += removed;
  return text;
}

function matches(pattern: readonly string[], path: readonly string[]): boolean {
  for (const [index, part] of pattern.entries()) {
    if (part === '**') return path.length >= index;
    const actual = path[index];
    if (actual === undefined) return false;
    if (part !== actual && !(part === '*' && actual !== '[]')) return false;
  }
  return pattern.length === path.length;
}
