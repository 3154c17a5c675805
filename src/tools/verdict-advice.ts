import type { Verdict } from '#contract/verdict.ts';
import { reveal } from '#kit/untrusted.ts';

/**
 * What to do about a failed verdict, in one or two sentences, in our words alone: a verdict quotes the author of the
 * schema and the answer itself, so of those only what cannot be a sentence is named. The rest stands beside it, fenced.
 */
export function fixForVerdict(verdict: Verdict): string {
  const left =
    verdict.attempts_left === undefined
      ? ''
      : verdict.attempts_left === 0
        ? ' No submissions are left: retry_test resets them.'
        : ` Submissions left: ${Number(verdict.attempts_left)}.`;
  switch (verdict.code) {
    case 'invalid_json':
      return `Send JSON text that JSON.parse accepts.${left}`;
    case 'content_check_failed':
      return `The shape is right, the content is not: do what the description${verdict.hint ? ' and the hint ask' : ' asks'}, then submit again.${left}`;
    default:
      return `Repair ${placeOf(verdict)}${ruleOf(verdict)}; expected_schema_excerpt shows the rule.${left}`;
  }
}

const KEYWORD = /^[A-Za-z]{1,32}$/;
const NAME = /^[A-Za-z_]\w{0,31}$/;
const TYPES: ReadonlySet<unknown> = new Set(['string', 'number', 'integer', 'object', 'array', 'boolean', 'null']);

function placeOf({ path = [] }: Verdict): string {
  if (path.length === 0) return 'the top level';
  const steps = path.map((step) => (typeof step === 'number' ? String(step) : reveal(step)));
  return steps.every((step) => NAME.test(step) || /^\d+$/.test(step)) ? steps.join('.') : 'the value at path';
}

function ruleOf({ validator, validator_value }: Verdict): string {
  if (validator === undefined || !KEYWORD.test(validator)) return '';
  const value = reveal(validator_value);
  const shown = typeof value === 'number' || typeof value === 'boolean' || TYPES.has(value) ? ` ${String(value)}` : '';
  return ` so that it satisfies ${validator}${shown}`;
}
