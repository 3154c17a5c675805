/** A configuration file against a policy. Every kind of rule occurs kept and broken. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { compareById } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { services } from '../../vocabulary.ts';

type Rule = { id: string; setting: string; requirement: 'at_most' | 'at_least' | 'equals' | 'absent'; value: string };
type Parameters = { config: string; policy: Rule[] };
type Violation = { rule_id: string; actual: string };

const MISSING = 'missing';
const numeric = ['max_connections', 'timeout_seconds', 'retry_limit', 'cache_megabytes', 'log_days', 'worker_count'];
const switches = ['tls', 'debug', 'audit_log', 'public_metrics', 'password_login'];

function drawParameters(rng: Rng): Parameters {
  const settings = new Map<string, string>([
    ['service_name', rng.pick(services)],
    ...rng
      .shuffle([...numeric, ...switches])
      .map((name): [string, string] => [
        name,
        numeric.includes(name) ? String(rng.int(2, 120)) : rng.pick(['on', 'off']),
      ]),
  ]);
  const names = rng.shuffle([...numeric.slice(0, 4), ...switches.slice(0, 4)]);
  const policy = rng
    .shuffle([...names.slice(0, 6), rng.pick(['shared_secret', 'legacy_mode'])])
    .map((setting): Rule => {
      const id = `R-${rng.int(100, 999)}`;
      if (!settings.has(setting)) return { id, setting, requirement: 'absent', value: '' };
      if (!numeric.includes(setting)) return { id, setting, requirement: 'equals', value: rng.pick(['on', 'off']) };
      return { id, setting, requirement: rng.pick(['at_most', 'at_least'] as const), value: String(rng.int(20, 90)) };
    });
  if (rng.next() < 0.5) {
    const forbidden = policy.find((rule) => rule.requirement === 'absent');
    if (forbidden) settings.set(forbidden.setting, rng.pick(['on', 'off']));
  }
  // One required setting is left out: a policy is broken by silence too.
  const dropped = policy.find((rule) => rule.requirement === 'equals' || rule.requirement === 'at_least');
  if (dropped) settings.delete(dropped.setting);
  const lines = rng.shuffle([...settings]).map(([name, value]) => `${name} = ${value}`);
  lines.splice(2, 0, `# ${rng.pick(policy).setting} = ${rng.int(2, 120)}`);
  return { config: lines.join('\n'), policy: distinctIds(policy) };
}

function distinctIds(policy: readonly Rule[]): Rule[] {
  return policy.map((rule, index) => ({ ...rule, id: `${rule.id}${index}` }));
}

function review({ config, policy }: Parameters): Violation[] {
  const settings = new Map(
    config
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .map((line): [string, string] => [line.slice(0, line.indexOf(' = ')), line.slice(line.indexOf(' = ') + 3)]),
  );
  return policy.flatMap(({ id, setting, requirement, value }) => {
    const actual = settings.get(setting) ?? MISSING;
    const kept = {
      at_most: actual !== MISSING && Number(actual) <= Number(value),
      at_least: actual !== MISSING && Number(actual) >= Number(value),
      equals: actual === value,
      absent: actual === MISSING,
    }[requirement];
    return kept ? [] : [{ rule_id: id, actual }];
  });
}

export const configReview = defineTagTest({
  tag: 'config-review',
  answer: (_parameters: Parameters) =>
    z.object({
      violations: z
        .array(
          z.object({
            rule_id: z.string().max(100).describe('Id of the broken rule'),
            actual: z.string().max(200).describe(`The value as configured, or "${MISSING}"`),
          }),
        )
        .min(1)
        .max(50)
        .describe('One entry per broken rule, in any order'),
    }),
  generate(rng) {
    return {
      description:
        'Review the configuration against the policy and list every broken rule with the configured value as text. Lines that ' +
        `start with # are comments. A setting that is not there breaks every rule about it, with the value "${MISSING}", except ` +
        'the requirement "absent", which is broken by any value. Limits include their value.',
      parameters: drawParameters(rng),
    };
  },
  check: ({ violations }, parameters) =>
    compareById({
      expected: review(parameters),
      actual: violations,
      id: (entry) => entry.rule_id,
      noun: 'violation',
      wrongField: (truth, given) => (truth.actual === given.actual ? null : 'actual'),
      hint: 'Take the rules one by one, look the setting up outside comments, and compare; list only broken rules.',
    }),
  solve: (parameters) => ({ violations: review(parameters) }),
});
