import { visibleJson } from '#kit/visible-json.ts';
import type { ToolResult } from './define-tool.ts';
import { cutText } from './fence.ts';

/**
 * Hosts cut results beyond 40,000 characters in the middle, or keep only their head. Tools page and shorten by
 * themselves; this is the net below them, for answers no one foresaw: it shortens the longest texts, and says so.
 */
export const MAX_RESULT_CHARS = 39_000;

/** What a shortened text keeps at least; below that there is nothing worth cutting. */
const SHORTEST_CUT = 200;

/** The result as it is where it fits, else with its longest texts cut and `shortened: true`. */
export function fitResult(result: ToolResult): ToolResult {
  let size = sizeOf(result);
  if (size <= MAX_RESULT_CHARS) return result;
  const copy = structuredClone(result) as Record<string, unknown>;
  for (let round = 0; round < 200 && size > MAX_RESULT_CHARS; round += 1) {
    const longest = findLongest(copy);
    if (!longest || longest.text.length <= SHORTEST_CUT) break;
    const { holder, key, text } = longest;
    const surplus = size - MAX_RESULT_CHARS + 64;
    const keep = Math.max(SHORTEST_CUT, Math.min(text.length - surplus, Math.floor(text.length * 0.75)));
    const cut = cutText(text, keep);
    Reflect.set(holder, key, cut);
    size += sizeOf(cut) - sizeOf(text);
  }
  copy.shortened = true;
  return sizeOf(copy) <= MAX_RESULT_CHARS ? copy : dropLargest(copy);
}

/** What an answer is not understood without. */
const KEPT: ReadonlySet<string> = new Set(['untrusted', 'outcome', 'left_out']);

/** Where not even short texts fit, whole members go: the answer stays valid JSON that says what is missing. */
function dropLargest(copy: Record<string, unknown>): ToolResult {
  const left_out: string[] = [];
  while (sizeOf(copy) > MAX_RESULT_CHARS) {
    const [largest] = Object.entries(copy)
      .filter(([key]) => !KEPT.has(key))
      .map(([key, value]) => ({ key, size: sizeOf(value) }))
      .sort((a, b) => b.size - a.size);
    if (!largest) break;
    delete copy[largest.key];
    left_out.push(largest.key);
    copy.left_out = left_out;
  }
  return copy;
}

/** Characters of the text a host is given. */
function sizeOf(value: unknown): number {
  return visibleJson(value).length;
}

interface Place {
  readonly holder: object;
  readonly key: string;
  readonly text: string;
}

function findLongest(value: object): Place | undefined {
  let best: Place | undefined;
  for (const [key, member] of Object.entries(value)) {
    const found: Place | undefined =
      typeof member === 'string'
        ? { holder: value, key, text: member }
        : typeof member === 'object' && member !== null
          ? findLongest(member)
          : undefined;
    if (found && (!best || found.text.length > best.text.length)) best = found;
  }
  return best;
}
