/**
 * Recorded calls as they stand in a page. What differs from run to run (ids, nonces, ports, folders) gets a fixed name,
 * and what is long is cut, visibly; nothing else is touched.
 */
import type { Recorded } from './journey.ts';

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const LONG_TEXT = 260;
const MOST_ITEMS = 2;
const LINE = 116;

/** Names for ids, the same for one id in all examples of a run. */
export function createNames(): (text: string, kind?: string) => string {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  const name = (id: string, kind: string): string => {
    const found = names.get(id);
    if (found) return found;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const made = `${kind}_${count}`;
    names.set(id, made);
    return made;
  };
  return (text, kind = 'agent') =>
    text
      .replace(new RegExp(`\\b([a-z]{2,4})_(${UUID})`, 'g'), (_, prefix: string, id: string) => name(id, prefix))
      .replace(
        new RegExp(`"(?:(\\w*?)([a-z]+)_)?id":"(${UUID})"`, 'g'),
        (_, before = '', word: string | undefined, id: string) =>
          `"${before}${word ? `${word}_` : ''}id":"${name(id, word ?? kind)}"`,
      )
      .replace(new RegExp(UUID, 'g'), (id) => name(id, kind))
      .replace(/untrusted-[\w-]{22}/g, 'untrusted-p7Jm…')
      .replace(/sk_live_[\w-]{4}…/g, 'sk_live_4fX2…')
      .replace(/http:\/\/127\.0\.0\.1:\d+/g, 'http://127.0.0.1:3001')
      .replace(/"[^"]*\/credentials\.json"/g, '"~/.sota/mcp/credentials.json"')
      .replace(/("tx_signature":")[^"]+/g, '$15Uh…');
}

/** Two fenced blocks: the call, and what was read. */
export function renderExample(
  { tool, arguments: args, response }: Recorded,
  names: ReturnType<typeof createNames>,
): string {
  const kind = tool === 'get_tag' ? 'tag' : 'agent';
  const call = JSON.parse(names(JSON.stringify({ tool, arguments: args }), kind));
  const answer = shorten(JSON.parse(names(JSON.stringify(response), kind)));
  return `\`\`\`json\n${layOut(call)}\n\`\`\`\n\n\`\`\`json\n${layOut(answer)}\n\`\`\``;
}

function shorten(value: unknown): unknown {
  if (typeof value === 'string' && value.length > LONG_TEXT) return `${value.slice(0, LONG_TEXT)}…`;
  if (Array.isArray(value)) {
    const kept = value.length > MOST_ITEMS + 1 && value.some(isObject) ? value.slice(0, MOST_ITEMS) : value;
    return [...kept.map(shorten), ...(kept.length < value.length ? [`… ${value.length - kept.length} more`] : [])];
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shorten(inner)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** As on one line where it fits, else one member per line. */
function layOut(value: unknown, indent = ''): string {
  const line = spaced(value);
  if (line.length + indent.length <= LINE || !isObject(value)) return line;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => inner + layOut(item, inner)).join(',\n')}\n${indent}]`;
  }
  const rows = Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${layOut(item, inner)}`);
  return `{\n${rows.join(',\n')}\n${indent}}`;
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${spaced(item)}`)
    .join(', ')}}`;
}
