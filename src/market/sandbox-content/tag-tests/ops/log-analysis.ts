/** A log in which one failure drags others along. Lines are nearly in order: the first error is first by time, not by place. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { services } from '../../vocabulary.ts';

type Parameters = { log: string };
type Line = { at: string; level: string; service: string; request: string };
type Analysis = { first_error_at: string; failing_service: string; error_count: number; affected_requests: string[] };

const calm = ['cache refreshed', 'request handled', 'session renewed', 'health check answered', 'queue drained'];
const warnings = ['slow response', 'retry scheduled', 'disk above 80 percent', 'errors below threshold'];
const errors = ['connection refused', 'timeout after 5000 ms', 'upstream unavailable', 'pool exhausted'];

function drawLog(rng: Rng): string {
  const day = `2025-${String(rng.int(1, 12)).padStart(2, '0')}-${String(rng.int(1, 28)).padStart(2, '0')}`;
  const [root = '', ...others] = rng.shuffle(services);
  const requests = Array.from({ length: 6 }, () => `r-${rng.int(1000, 9999)}`);
  const start = rng.int(0, 80_000);
  let second = start;
  const stamp = (value: number) => new Date(Date.UTC(2025, 0, 1) + value * 1000).toISOString().slice(11, 19);
  const firstError = rng.int(5, 8);
  const lines = Array.from({ length: 16 }, (_, index) => {
    second += rng.int(2, 40);
    const failing = index === firstError || (index > firstError && rng.next() < 0.45);
    const level = failing ? 'ERROR' : rng.next() < 0.25 ? 'WARN' : 'INFO';
    const service = index === firstError ? root : rng.pick(failing ? [root, ...others.slice(0, 2)] : others);
    const text = rng.pick(level === 'ERROR' ? errors : level === 'WARN' ? warnings : calm);
    return `${day}T${stamp(second)}Z ${level} ${service} ${rng.pick(requests)} ${text}`;
  });
  // Two late arrivals, as log shippers produce them.
  for (const place of [firstError, rng.int(10, 14)]) {
    const [moved] = lines.splice(place, 1);
    if (moved !== undefined) lines.splice(Math.min(place + rng.int(1, 3), lines.length), 0, moved);
  }
  return lines.join('\n');
}

function analyse({ log }: Parameters): Analysis {
  const failed = log
    .split('\n')
    .map((line): Line => {
      const [at = '', level = '', service = '', request = ''] = line.split(' ');
      return { at, level, service, request };
    })
    .filter((line) => line.level === 'ERROR')
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  return {
    first_error_at: failed[0]?.at ?? '',
    failing_service: failed[0]?.service ?? '',
    error_count: failed.length,
    affected_requests: [...new Set(failed.map((line) => line.request))].sort(),
  };
}

export const logAnalysis = defineTagTest({
  tag: 'log-analysis',
  answer: (_parameters: Parameters) =>
    z.object({
      first_error_at: z.string().max(100).describe('Time stamp of the earliest ERROR line, as written'),
      failing_service: z.string().max(100).describe('The service that logged it'),
      error_count: z.int().describe('Number of ERROR lines'),
      affected_requests: z.array(z.string().max(100)).max(100).describe('Request ids of the ERROR lines, each once'),
    }),
  generate: (rng) => ({
    description:
      'Analyse the log. Each line has time, level, service, request id and message; lines may arrive late, so go by time. Give ' +
      'time and service of the earliest ERROR line, the number of ERROR lines, and the ids of the requests they concern, each ' +
      'once, in any order.',
    parameters: { log: drawLog(rng) },
  }),
  check(answer, parameters) {
    const truth = analyse(parameters);
    const hint = 'Look at the second column only to choose lines, then compare their times; warnings are not errors.';
    if (answer.first_error_at !== truth.first_error_at) {
      return failure('first_error', 'The time given is not that of the earliest ERROR line.', hint);
    }
    if (answer.failing_service !== truth.failing_service) {
      return failure('service', 'Another service logged the earliest ERROR line.', hint);
    }
    if (answer.error_count !== truth.error_count) {
      return failure('error_count', `There are not ${answer.error_count} ERROR lines.`, hint);
    }
    return [...new Set(answer.affected_requests)].sort().join() === truth.affected_requests.join()
      ? null
      : failure('requests', 'The list of affected requests is not complete or has others in it.', hint);
  },
  solve: analyse,
});
