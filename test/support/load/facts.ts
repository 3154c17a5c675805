/** What the marketplace acknowledged to its clients, and therefore must know for ever. */
export class Facts {
  readonly jobs = new Map<string, { readonly requester: string }>();
  readonly bids = new Map<string, { readonly job: string; readonly agent: string }>();
  /** Job and bid. */
  readonly awards: (readonly [job: string, bid: string])[] = [];
  /** How often an assignment of a job was accepted. */
  readonly accepted = new Map<string, number>();
  /** Hashes of the results delivered for a job. */
  readonly deliveries = new Map<string, Set<string>>();
  /** Jobs whose requester was told that the worker is paid. */
  readonly released = new Set<string>();
  readonly cancelled = new Set<string>();
  readonly withdrawals = new Map<string, { readonly agent: string; readonly usdc: number }>();
  /** Virtual hours by which the clock was moved. */
  advancedHours = 0;

  /** How many acknowledgements there were. */
  total = 0;

  /** An independent copy: what was acknowledged up to this moment. */
  copy(): Facts {
    return structuredCloneOf(this);
  }
}

function structuredCloneOf(facts: Facts): Facts {
  return Object.assign(new Facts(), structuredClone({ ...facts }));
}
