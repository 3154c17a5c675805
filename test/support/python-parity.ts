import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect } from 'vitest';
import { validateJson } from '#kit/json-schema/validate.ts';
import { instances, schemas } from '../kit/json-schema/schema-arbitrary.ts';

const oracle = fileURLToPath(new URL('./python-oracle.py', import.meta.url));

interface Question {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly instance: unknown;
}
type Answer = { readonly crashed: string } | { path: unknown[]; validator: string; message: string } | null;

/** Which characters are printed as they are depends on the version of Unicode that each side knows. */
const plain = (message: string) => message.replace(/\\U[0-9a-f]{8}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|[^\x20-\x7e]/gu, '?');

/**
 * JavaScript puts members named like numbers before all others; nothing can keep them where they were written. And a digit
 * is one of ten to JSON Schema, which has the patterns of JavaScript.
 */
const comparable = <T>(value: T): T =>
  JSON.parse(JSON.stringify(value).replaceAll('"0":', '"zero":').replaceAll('"\\\\d"', '"[0-9]"'));

/** A schema of draft 2020-12 in the words of an older one. */
function older(schema: unknown, draft: 'draft-07' | '2019-09'): unknown {
  if (Array.isArray(schema)) return schema.map((each) => older(each, draft));
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).flatMap(([keyword, value]): [string, unknown][] => {
    const inner = ['enum', 'const', 'required'].includes(keyword) ? value : older(value, draft);
    if (keyword === 'items' && 'prefixItems' in schema) return [['additionalItems', inner]];
    // Python takes the length of it.
    if (keyword === 'items' && typeof value === 'boolean') return draft === '2019-09' ? [] : [['items', inner]];
    if (keyword === 'prefixItems') return [['items', inner]];
    if (draft === '2019-09') return [[keyword, inner]];
    if (keyword === '$anchor') return [['$id', `#${String(value)}`]];
    if (/^unevaluated/.test(keyword)) return [];
    return /^dependent/.test(keyword) ? [['dependencies', inner]] : [[keyword, inner]];
  });
  return Object.fromEntries(entries);
}

export const DRAFTS = [
  ['2020-12', 'https://json-schema.org/draft/2020-12/schema', (schema: unknown) => schema],
  ['2019-09', 'https://json-schema.org/draft/2019-09/schema', (schema: unknown) => older(schema, '2019-09')],
  ['draft-07', 'http://json-schema.org/draft-07/schema#', (schema: unknown) => older(schema, 'draft-07')],
] as const;

/** In draft 2019-09 Python takes the keywords inside `additionalProperties` for names that have been evaluated. */
function mixesUpNames(schema: unknown): boolean {
  const text = JSON.stringify(schema);
  return text.includes('"additionalProperties":{') && text.includes('"unevaluatedProperties"');
}

function ask(questions: readonly Question[]): Answer[] {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  const output = execFileSync('python3', [oracle], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}

/** The version this project was held against; before it, and perhaps after, Python says other things. */
const HELD_AGAINST = '4.26';
const ASK_VERSION = 'from importlib.metadata import version; print(version("jsonschema"))';

/** Why Python cannot be asked; undefined if it can. */
export function whyNoPython(): string | undefined {
  const { stdout } = spawnSync('python3', ['-c', ASK_VERSION], { encoding: 'utf8' });
  const found = stdout?.trim();
  if (found?.startsWith(`${HELD_AGAINST}.`)) return undefined;
  return `there is no Python with jsonschema ${HELD_AGAINST} here${found ? `, but ${found}` : ''}`;
}

export interface Seen {
  readonly valid: number;
  readonly violated: number;
  /** Python had no answer. */
  readonly crashed: number;
}

/** Asks both of the same pairs of schema and instance, and fails at the first that they do not say the same of. */
export function sameAsPython([draft, $schema, write]: (typeof DRAFTS)[number], pairs: number, seed: number): Seen {
  const questions = fc
    .sample(fc.tuple(schemas, instances), { numRuns: pairs, seed })
    .filter(([schema]) => typeof schema === 'object')
    .filter(([schema]) => !(draft === '2019-09' && mixesUpNames(schema)))
    .map(([schema, instance]) => comparable({ schema: { $schema, ...(write(schema) as object) }, instance }));
  const answers = ask(questions);
  const seen = { valid: 0, violated: 0, crashed: 0 };
  for (const [n, question] of questions.entries()) {
    const answer = answers[n] as Answer;
    if (answer && 'crashed' in answer) {
      seen.crashed += 1;
      continue;
    }
    const ours = validateJson(question.schema, question.instance);
    const said = ours && { path: ours.path, validator: ours.validator, message: plain(ours.message) };
    const wanted = answer && { ...answer, message: plain(answer.message) };
    expect({ ...question, said }).toEqual({ ...question, said: wanted });
    seen[answer ? 'violated' : 'valid'] += 1;
  }
  expect(seen.crashed).toBeLessThan(questions.length / 20);
  return seen;
}
