/** Schedules in words to be written as cron. Two expressions are equal when they fire at the same times. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { compareById, failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { colours, weekdays } from '../../vocabulary.ts';
import { parseCron } from './parse-cron.ts';

type Parameters = { schedules: { id: string; text: string }[] };

const time = (rng: Rng) => `${String(rng.int(0, 23)).padStart(2, '0')}:${String(rng.int(1, 59)).padStart(2, '0')}`;

/** Each kind of schedule: how it is said, and the expression for the words said. */
const kinds: readonly { say(rng: Rng): string; read: RegExp; cron(words: readonly string[]): string }[] = [
  {
    say: (rng) => `every day at ${time(rng)}`,
    read: /^every day at (\d\d):(\d\d)$/,
    cron: ([hour, minute]) => `${Number(minute)} ${Number(hour)} * * *`,
  },
  {
    say: (rng) => `at ${time(rng)} from Monday to Friday`,
    read: /^at (\d\d):(\d\d) from Monday to Friday$/,
    cron: ([hour, minute]) => `${Number(minute)} ${Number(hour)} * * 1-5`,
  },
  {
    say: (rng) =>
      `every ${rng.pick([5, 10, 15, 20, 30])} minutes, starting on the hour, between ${rng.pick(['06', '07', '08'])}:00 and 18:59`,
    read: /^every (\d+) minutes, starting on the hour, between (\d\d):00 and (\d\d):59$/,
    cron: ([step, from, to]) => `*/${step} ${Number(from)}-${Number(to)} * * *`,
  },
  {
    say: (rng) => `on day ${rng.int(1, 28)} of every month at ${time(rng)}`,
    read: /^on day (\d+) of every month at (\d\d):(\d\d)$/,
    cron: ([day, hour, minute]) => `${Number(minute)} ${Number(hour)} ${day} * *`,
  },
  {
    say: (rng) => `every ${rng.pick(weekdays)} at ${time(rng)}`,
    read: /^every ([A-Z]\w+) at (\d\d):(\d\d)$/,
    cron: ([day = '', hour, minute]) => `${Number(minute)} ${Number(hour)} * * ${day.slice(0, 3).toUpperCase()}`,
  },
  {
    say: (rng) => `on the first day of January, April, July and October at ${time(rng)}`,
    read: /^on the first day of January, April, July and October at (\d\d):(\d\d)$/,
    cron: ([hour, minute]) => `${Number(minute)} ${Number(hour)} 1 1,4,7,10 *`,
  },
];

function cronFor(text: string): string {
  for (const kind of kinds) {
    const words = kind.read.exec(text);
    if (words) return kind.cron(words.slice(1));
  }
  return '';
}

export const cronExpressions = defineTagTest({
  tag: 'cron-expressions',
  answer: (_parameters: Parameters) =>
    z.object({
      expressions: z
        .array(
          z.object({
            schedule_id: z.string().max(100).describe('Id of the schedule'),
            cron: z.string().max(100).describe('minute hour day-of-month month day-of-week'),
          }),
        )
        .min(1)
        .max(20)
        .describe('One entry per schedule, in any order'),
    }),
  generate: (rng) => ({
    description:
      'Write a standard cron expression with five fields (minute, hour, day of month, month, day of week; 0 or 7 is Sunday) for ' +
      'every schedule. Lists, ranges, steps and three-letter names are fine; seconds, years and nicknames such as @daily are not.',
    parameters: {
      schedules: rng
        .shuffle(kinds)
        .slice(0, 4)
        .map((kind, index) => ({ id: `${rng.pick(colours)}-${index}${rng.int(10, 99)}`, text: kind.say(rng) })),
    },
  }),
  check({ expressions }, { schedules }) {
    const malformed = expressions.findIndex(({ cron }) => parseCron(cron) === null);
    if (malformed >= 0) {
      return failure(
        'cron_syntax',
        `The expression at index ${malformed} is not a five-field cron expression.`,
        'Separate five fields by spaces and keep each within its range.',
      );
    }
    return compareById({
      expected: schedules.map(({ id, text }) => ({ schedule_id: id, cron: cronFor(text) })),
      actual: expressions,
      id: (entry) => entry.schedule_id,
      noun: 'expression',
      wrongField: (truth, given) => (parseCron(truth.cron) === parseCron(given.cron) ? null : 'cron'),
      hint: 'The order is minute, hour, day of month, month, day of week; a step such as */15 belongs to the minutes.',
    });
  },
  solve: ({ schedules }) => ({
    expressions: schedules.map(({ id, text }) => ({ schedule_id: id, cron: cronFor(text) })),
  }),
});
