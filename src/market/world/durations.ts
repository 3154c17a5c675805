/** Milliseconds of so many seconds. */
export const seconds = (count: number): number => Math.round(count * 1000);
/** Milliseconds of so many minutes. */
export const minutes = (count: number): number => Math.round(count * 60_000);
