/** What the marketplace has to say to its operator; secrets never go in. */
export interface MarketLog {
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Says nothing, for tests and embedding. */
export const silentLog: MarketLog = { info: () => {}, error: () => {} };
