import type { Verdict } from '#contract/verdict.ts';

/**
 * What to do about a failed verdict, in one or two sentences.
 * @example fixForVerdict({ passed: false, code: 'schema_violation', message: '…', path: ['issues'], validator: 'minItems' })
 * // 'Repair the value at issues: it must satisfy minItems …'
 */
export function fixForVerdict(verdict: Verdict): string {
  const left =
    verdict.attempts_left === undefined
      ? ''
      : verdict.attempts_left === 0
        ? ' No submissions are left: retry_test resets them.'
        : ` Submissions left: ${verdict.attempts_left}.`;
  switch (verdict.code) {
    case 'invalid_json':
      return `Send JSON text that JSON.parse accepts.${left}`;
    case 'content_check_failed':
      return `The shape is right, the content is not: do what the description asks${verdict.hint ? ` (hint: ${verdict.hint})` : ''}, then submit again.${left}`;
    default: {
      const place = verdict.path?.length ? verdict.path.join('.') : 'the top level';
      const rule = verdict.validator
        ? ` so that it satisfies ${verdict.validator} ${shorten(verdict.validator_value)}`
        : '';
      return `Repair ${place}${rule}; expected_schema_excerpt shows the rule.${left}`;
    }
  }
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
