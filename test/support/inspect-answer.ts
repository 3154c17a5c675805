import { expect } from 'vitest';
import { hiddenCharacters } from '#kit/text-sanitise.ts';
import { CANARY } from '../fixtures/injections.ts';

export interface CallResult {
  readonly isError?: boolean;
  readonly structuredContent?: Record<string, unknown>;
  readonly content?: readonly { readonly type: string; readonly text?: string }[];
}

export interface Inspected {
  // biome-ignore lint/suspicious/noExplicitAny: answers are read by path, as a model reads them
  readonly answer: any;
  /** Where the canary was found, each seen to be as it has to be. */
  readonly found: readonly string[];
}

/** Where only our own words may stand. */
const OURS = /^next|^error\.(message|fix|code|example|next|did_you_mean)|^(note|fix|outcome|recovery)\b/;
/** Data that passes byte for byte, or that things are looked up in: listed, never fenced. */
const DATA = /(^|\.)(parameters|expected_schema|expected_schema_excerpt|validator_value|instance|json_part)(\.|\[|$)/;
const FENCED = /^<(untrusted-[\w-]{22})>([\s\S]*)<\/\1>( \(end of what somebody else wrote\))?$/;

/**
 * Fails unless everything of a stranger in an answer, also one that is an error, is fenced, clean and listed, and
 * nothing of him is in a suggestion, a sentence of ours or the shape of the answer.
 */
export function inspectAnswer(what: string, result: CallResult): Inspected {
  const text = result.content?.[0]?.text ?? '';
  const answer = JSON.parse(text);
  if (result.structuredContent) expect(result.structuredContent, `${what}: both forms say the same`).toEqual(answer);
  expect(text.match(hiddenCharacters), `${what}: the text hides something`).toBeNull();
  expect(text.length, `${what} is too long`).toBeLessThanOrEqual(40_000);

  const { fence, fields = [] } = (answer.untrusted ?? {}) as { fence?: string; fields?: string[] };
  const found: string[] = [];
  for (const [path, value] of leaves({ ...answer, untrusted: undefined })) {
    if (!value.includes(CANARY)) continue;
    const where = `${what}: ${path}: ${value.slice(0, 200)}`;
    found.push(path);
    expect(path, where).not.toMatch(OURS);
    const listed = fields.some(
      (field) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`),
    );
    expect(listed, `${where} is not listed`).toBe(true);
    if (DATA.test(path)) continue;
    expect(value.match(hiddenCharacters), `${where} hides something`).toBeNull();
    if (/^[\w.+-]{0,63}$/.test(value)) continue;
    const [, name, inner = ''] = FENCED.exec(value) ?? [];
    expect(name, `${where} is not fenced`).toBe(fence);
    expect(inner, `${where} breaks its fence`).not.toContain(fence);
    expect(inner.normalize('NFKC').replace(/\p{M}/gu, ''), `${where} imitates a fence`).not.toMatch(
      /[<‹〈⟨]\s*\/?\s*[uυ][nո]trus?ted/i,
    );
    expect(inner, `${where} loads an image`).not.toMatch(/!\[|<img|<iframe|<svg|<script/i);
  }
  return { answer, found };
}

function leaves(value: unknown, path = ''): [path: string, text: string][] {
  if (typeof value === 'string') return [[path, value]];
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key.includes(CANARY) ? [[path, key] as [string, string]] : []),
    ...leaves(member, path ? `${path}.${key}` : key),
  ]);
}
