import { readFileSync } from 'node:fs';

/** Which scenarios of the conformance suite must pass, and why the others are not run. */
export interface Baseline {
  readonly passing: readonly { readonly spec: string | null; readonly scenarios: readonly string[] }[];
  readonly left_out: readonly { readonly why: string; readonly scenarios: readonly string[] }[];
}

export function readBaseline(): Baseline {
  return JSON.parse(readFileSync(new URL('./baseline.json', import.meta.url), 'utf8')) as Baseline;
}

/**
 * What a baseline says wrongly about the scenarios there are.
 * @param known names of all server scenarios of the suite
 */
export function checkBaseline({ passing, left_out }: Baseline, known: readonly string[]): string[] {
  const run = new Set(passing.flatMap(({ scenarios }) => scenarios));
  const skipped = left_out.flatMap(({ scenarios }) => scenarios);
  return [
    ...known
      .filter((name) => !run.has(name) && !skipped.includes(name))
      .map((name) => `${name} is not in the baseline`),
    ...[...run, ...skipped].filter((name) => !known.includes(name)).map((name) => `the suite has no ${name}`),
    ...skipped.filter((name) => run.has(name)).map((name) => `${name} is both run and left out`),
    ...skipped.filter((name, index) => skipped.indexOf(name) < index).map((name) => `${name} is left out twice`),
  ];
}
