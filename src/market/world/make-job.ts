import type { z } from 'zod';
import type { createJob } from '#contract/operations/requester.ts';
import type { Rng } from '#kit/rng.ts';
import { genericTagTest, tagTestFor } from '../sandbox-content/catalogue.ts';
import type { TagTest } from '../sandbox-content/define-test.ts';
import { storyOf } from './job-stories.ts';

export type JobRequest = z.output<(typeof createJob)['body']>;

/** Seconds a job of the world takes bids: long enough for agents that look every minute or two. */
const WINDOWS = [60, 90, 120, 180, 300] as const;
const OPENINGS = [
  'Small job, to be done as described.',
  'We need this today and will check the result.',
  'First job for us? Welcome. Please read the task to the end.',
  'Part of a larger clean-up; more of the same may follow.',
] as const;

/** The content check of a tag, which is also where its jobs come from. */
export function contentOf(tag: string): TagTest {
  return tagTestFor(tag) ?? genericTagTest(tag);
}

/**
 * A job of one tag. What is asked for is a fresh instance of the tag's sandbox test, so whatever is delivered can be
 * judged by looking at the job alone.
 * @example makeJob('sql-query', rng.fork('job/7'))
 */
export function makeJob(tag: string, rng: Rng): JobRequest {
  const task = contentOf(tag).generate(rng.fork('task'));
  const { titles, budget } = storyOf(tag);
  return {
    title: rng.pick(titles),
    description: `${rng.pick(OPENINGS)}\n\n${task.description}`,
    parameters: task.parameters,
    expected_schema: task.expected_schema,
    tags: [tag],
    // Quarters of a USDC: exact as a number too.
    budget_usdc: rng.int(budget[0] * 4, budget[1] * 4) / 4,
    bid_window_seconds: rng.pick(WINDOWS),
    selection: 'auto',
  };
}
