import { formatUsdc, parseUsdc } from '#kit/money.ts';
import { sanitiseText } from '#kit/text-sanitise.ts';
import type { RunnerEvent } from '../events.ts';
import type { RequesterEvent } from './local-requester.ts';

const MAX_WORDS = 100;

/**
 * One line per event for a person to watch; undefined for events that are noise. `-->` came from the marketplace, `<--`
 * went to it. Ids are cut to what tells them apart, except where a person has to give one back.
 * @param healthUrl where a parked job is resumed
 */
export function feedLine(event: RunnerEvent | RequesterEvent, healthUrl?: string): string | undefined {
  switch (event.type) {
    case 'mode':
      return `  *  mode: ${event.mode}`;
    case 'poll_failed':
      return event.failures === 1 ? `  !  the marketplace does not answer: ${shown(event.error)}` : undefined;
    case 'posted':
      return `-->  job ${short(event.jobId)}: ${shown(event.title)}, up to ${usdc(event.usdc)} USDC`;
    case 'bid':
      return `<--  bid ${usdc(event.usdc)} USDC on ${short(event.jobId)}`;
    case 'accepted':
      return `<--  accepted ${short(event.jobId)}`;
    case 'started':
      return `-->  ${event.job.kind} ${short(event.job.id)} ${event.job.capability}${event.go > 1 ? `, go ${event.go}` : ''}`;
    case 'progress':
      return `     ${short(event.jobId)} ${Math.round(event.percent)} % ${shown(event.message ?? '')}`.trimEnd();
    case 'handler_failed':
      return `  !  ${short(event.job.id)} handler failed: ${event.code}: ${shown(event.message)}`;
    case 'verdict':
      return `-->  ${short(event.job.id)} refused: ${event.verdict.code}: ${shown(event.verdict.message)}`;
    case 'parked':
      return `  ?  ${short(event.job.id)} waits for you: ${shown(event.reason)}${
        healthUrl === undefined ? '' : `\n           agree with: curl -X POST ${healthUrl}/resume/${event.job.id}`
      }`;
    case 'settled':
      return `<--  ${short(event.job.id)} ${event.job.capability}: ${event.outcome}`;
    case 'changes_requested':
      return `-->  ${short(event.jobId)} changes requested: ${shown(event.feedback)}`;
    case 'paid':
      return `-->  ${short(event.jobId)} paid: ${usdc(event.usdc)} USDC, ${event.rating} stars`;
    case 'draining':
      return '  *  ending: nothing new is taken, what is running is finished';
    default:
      return undefined;
  }
}

/** `job_7e21c94d` of `job_7e21c94d-c00f-…`. */
function short(id: string): string {
  return id.length > 20 ? id.slice(0, id.indexOf('_') + 9) : id;
}

function usdc(amount: number): string {
  return formatUsdc(parseUsdc(amount));
}

/** Strangers' words on somebody's terminal: one line, nothing that moves the cursor, not too long. */
function shown(text: string): string {
  const line = sanitiseText(text).text.replace(/\s+/g, ' ').trim();
  return line.length > MAX_WORDS ? `${line.slice(0, MAX_WORDS)}…` : line;
}
