import { refuse } from '../rules/refuse.ts';

/** Requests per minute; zero lifts a limit. Generous: they are there to stop guessing, not to slow honest work. */
export interface RateLimits {
  /** New agents, and recoveries of lost ones, from one address. */
  readonly registrationsPerMinute: number;
  /** Logins begun, approved or asked about, from one address. */
  readonly signInsPerMinute: number;
  /** Passwords tried and letters sent for one e-mail address, from wherever. */
  readonly perEmailPerMinute: number;
}

export const defaultRateLimits: RateLimits = {
  registrationsPerMinute: 60,
  signInsPerMinute: 120,
  perEmailPerMinute: 20,
};

/** Which limit an operation counts against; the others have none. */
const LIMITED: Readonly<Record<string, 'registrationsPerMinute' | 'signInsPerMinute'>> = {
  register_simple: 'registrationsPerMinute',
  register_agent: 'registrationsPerMinute',
  recover_agent: 'registrationsPerMinute',
  magic_link: 'signInsPerMinute',
  device_code: 'signInsPerMinute',
  device_poll: 'signInsPerMinute',
  device_verify: 'signInsPerMinute',
  local_login: 'signInsPerMinute',
  local_verify: 'signInsPerMinute',
  local_refresh: 'signInsPerMinute',
};
/** Operations whose body names an e-mail address that can be guessed at or written to. */
const PER_EMAIL: ReadonlySet<string> = new Set(['register_simple', 'magic_link', 'local_verify']);
const MINUTE_MS = 60_000;
/** Full buckets say nothing; they are dropped when there are this many. */
const MAX_BUCKETS = 10_000;

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Token buckets in the memory of this process: a burst of a minute's worth, then a steady trickle. Several processes that
 * share a database count each for itself, which multiplies the limits by their number; that is enough against guessing
 * and costs no write per request.
 */
export class RateLimiter {
  readonly #limits: RateLimits;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  /**
   * Counts a request against the address it comes from. One without an address comes from this very process.
   * @throws Refusal rate_limited
   */
  address(operationId: string, address: string | undefined, now: number): void {
    const limit = LIMITED[operationId];
    if (limit && address !== undefined) this.#take(`${limit} ${address}`, this.#limits[limit], now);
  }

  /** Counts a request against the e-mail address it names. @throws Refusal rate_limited */
  email(operationId: string, email: string, now: number): void {
    if (PER_EMAIL.has(operationId)) {
      this.#take(`email ${email.trim().toLowerCase()}`, this.#limits.perEmailPerMinute, now);
    }
  }

  #take(key: string, perMinute: number, now: number): void {
    if (perMinute <= 0) return;
    const bucket = this.#buckets.get(key) ?? { tokens: perMinute, at: now };
    // A clock that was set back must not take tokens away.
    const passed = Math.max(0, now - bucket.at);
    bucket.tokens = Math.min(perMinute, bucket.tokens + (passed * perMinute) / MINUTE_MS);
    bucket.at = now;
    if (bucket.tokens < 1) {
      const wait = Math.max(1, Math.ceil(((1 - bucket.tokens) * MINUTE_MS) / perMinute / 1000));
      refuse('rate_limited', `Too many requests of this kind; the next one in ${wait} s`, { retry_after: wait });
    }
    bucket.tokens -= 1;
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_BUCKETS) this.#forgetOldest();
  }

  /** The oldest half: whoever floods with new addresses must not make this process keep them all. */
  #forgetOldest(): void {
    const oldest = [...this.#buckets].sort(([, a], [, b]) => a.at - b.at).slice(0, MAX_BUCKETS / 2);
    for (const [key] of oldest) this.#buckets.delete(key);
  }
}
