/**
 * What can go wrong with a request, on purpose. `before` means that nothing has happened yet, `after` that everything
 * has and only the answer suffers: the difference a client must never get wrong.
 */
export interface FaultKind {
  readonly summary: string;
  /** What follows the equals sign, where something may: its name and bounds, and the value without one. */
  readonly argument?: {
    readonly name: string;
    readonly min: number;
    readonly max: number;
    readonly default?: number;
  };
}

const milliseconds = { name: 'milliseconds', min: 1, max: 600_000 } as const;

export const faultKinds = {
  'drop-before': { summary: 'closes the connection; nothing has happened' },
  'drop-after': { summary: 'everything happens, then the connection closes without an answer' },
  'reset-before': { summary: 'like drop-before, with a TCP reset' },
  'reset-after': { summary: 'like drop-after, with a TCP reset' },
  'cut-body': { summary: 'everything happens; the answer breaks off in the middle of its body' },
  'slow-body': {
    summary: 'everything happens; the body of the answer takes so many milliseconds',
    argument: milliseconds,
  },
  delay: { summary: 'waits so many milliseconds before anything happens', argument: milliseconds },
  429: {
    summary: 'asks to wait so many seconds (Retry-After); nothing has happened',
    argument: { name: 'seconds', min: 1, max: 600, default: 1 },
  },
  '500-before': { summary: 'answers 500; nothing has happened' },
  '500-after': { summary: 'everything happens, the answer is 500' },
  '502-before': { summary: 'answers 502 with the page of a proxy; nothing has happened' },
  '502-after': { summary: 'everything happens, the answer is the 502 of a proxy' },
  '503-before': { summary: 'answers 503; nothing has happened' },
  '503-after': { summary: 'everything happens, the answer is 503' },
  duplicate: { summary: 'webhooks only: the same delivery comes twice' },
} as const satisfies Record<string, FaultKind>;

export type FaultName = `${keyof typeof faultKinds}`;

/** Ready-made rules for a whole bad day. */
export const faultProfiles = {
  lossy: { summary: 'one answer in ten is lost', spec: 'drop-after * 10%' },
  flaky: {
    summary: 'a little of everything',
    spec:
      'drop-before * 3%; drop-after * 3%; reset-before * 1%; reset-after * 1%; cut-body * 2%; ' +
      '503-before * 2%; 500-after * 2%; 429=1 * 2%; delay=200 * 10%; slow-body=200 * 5%; duplicate webhook 20%',
  },
} as const;
