import { readFileSync } from 'node:fs';

/** What a benchmark is to `npm run bench`: a module bench/NAME.bench.ts exporting these three. */
export interface Bench {
  name: string;
  /** One sentence: what is measured. */
  description: string;
  run(): Promise<Table>;
}

export interface Table {
  columns: string[];
  rows: (string | number)[][];
  /** How it was measured, and how to read it. */
  notes?: string[];
}

/**
 * The value below which the given share of the samples lies (nearest rank).
 * @example quantile([3, 1, 2], 0.5) // 2
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** Rounded for people: one decimal. */
export function round(value: number, decimals = 1): number {
  return Number(value.toFixed(decimals));
}

/** Resident size of a process in MB; not a number where the system does not tell (it does on Linux). */
export function residentMegabytes(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
