import { onTestFinished } from 'vitest';
import { createSession, type SessionOptions } from '#client/session.ts';
import type { Session } from '#client/types.ts';
import { operations } from '#contract/operations/registry.ts';
import { systemClock } from '#kit/clock.ts';
import { createLogger } from '#kit/log.ts';
import { createRedactor } from '#kit/redact.ts';
import { type FakeOrigin, fakeOrigin, type Received } from './fake-origin.ts';
import { fastProfiles } from './fast-profiles.ts';

export const KEY = 'sk_live_policy-canary-0123456789';
export const AGENT = 'agent-policy';

/** An origin that is no local marketplace, offers every operation, and knows one agent. */
export async function liveOrigin(): Promise<FakeOrigin & { mutations(): Received[] }> {
  const origin = await fakeOrigin();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { path, method } of operations) {
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: { parameters: [{ in: 'header', name: 'Idempotency-Key' }] },
    };
  }
  origin.on('GET /api/v1/openapi.json', { json: { openapi: '3.1.0', paths } });
  origin.on('GET /api/v1/agents/me', { json: { id: AGENT, name: 'policy', status: 'active' } });
  return Object.assign(origin, { mutations: () => origin.received.filter(({ method }) => method !== 'GET') });
}

/** A clock that runs, and can be set. */
export function settableClock() {
  let offset = 0;
  return {
    now: () => systemClock.now() + offset,
    after: systemClock.after,
    set: (time: number) => {
      offset = time - systemClock.now();
    },
    forward: (ms: number) => {
      offset += ms;
    },
  };
}

/** A session with a live origin and the given settings. */
export function ownedSession(
  origin: FakeOrigin,
  stateDir: string,
  env: Readonly<Record<string, string>> = {},
  options: Partial<SessionOptions> = {},
): Session & { lines: string[] } {
  const lines: string[] = [];
  const session = createSession({
    originProvider: async () => origin.url,
    local: false,
    stateDir,
    profiles: fastProfiles,
    redactor: createRedactor(),
    log: createLogger({ level: 'debug', write: (line) => lines.push(line) }),
    ...options,
    env: { SOTA_API_KEY: KEY, ...env },
  });
  onTestFinished(() => session.close(0));
  return Object.assign(session, { lines });
}
