import { operations } from '#contract/operations/registry.ts';
import type { Rng } from '#kit/rng.ts';
import type { FaultName } from './fault-kinds.ts';
import { type FaultRule, matchesGlob, parseFaults, type Target, type When } from './fault-spec.ts';

/** One fault that strikes now. */
export interface Fault {
  readonly kind: FaultName;
  /** Milliseconds or seconds, as its kind says; 0 where it takes none. */
  readonly argument: number;
}

export interface FaultState {
  readonly id: string;
  readonly rule: string;
  /** Calls it was asked about, and calls it struck. */
  readonly matched: number;
  readonly struck: number;
}

/**
 * The faults in force, in the memory of this process: they are there to test others, and end with it. Whether a rule
 * strikes its n-th call follows from the seed, the rule and n alone, so that a run that met trouble can be run again.
 */
export class FaultPlan {
  readonly #rng: Rng;
  readonly #standing: { id: string; rule: FaultRule; matched: number; struck: number }[] = [];
  #added = 0;

  constructor(rng: Rng) {
    this.#rng = rng.fork('faults');
  }

  /** Adds the rules of a specification. @throws FaultSpecError */
  add(spec: string): void {
    for (const rule of parseFaults(spec)) {
      this.#added += 1;
      this.#standing.push({ id: `fault_${this.#added}`, rule, matched: 0, struck: 0 });
    }
  }

  /** Removes all rules. Returns how many there were. */
  clear(): number {
    return this.#standing.splice(0).length;
  }

  list(): FaultState[] {
    return this.#standing.map(({ id, rule, matched, struck }) => ({ id, rule: rule.text, matched, struck }));
  }

  /** What strikes this request, in the order of the rules. What steers the marketplace itself is never struck. */
  strike(method: string, path: string): Fault[] {
    if (!this.#standing.length || path === '/_local' || path.startsWith('/_local/')) return [];
    const id = operationAt(method, path);
    return this.#struckBy((target) => {
      if (target.of === 'operation') return target.id === id;
      if (target.of === 'path') return fits(target, method, path);
      return target.of === 'all';
    });
  }

  /** How often a webhook is delivered: once, and once more for each fault that strikes it. */
  copiesOf(eventType: string): number {
    return 1 + this.#struckBy((target) => target.of === 'webhook' && matchesGlob(target.glob, eventType)).length;
  }

  #struckBy(concerns: (target: Target) => boolean): Fault[] {
    const struck: Fault[] = [];
    for (const standing of this.#standing) {
      if (!concerns(standing.rule.target)) continue;
      standing.matched += 1;
      if (!isDue(standing.rule.when, standing.matched, this.#rng.fork(`${standing.id}/${standing.matched}`))) continue;
      standing.struck += 1;
      struck.push({ kind: standing.rule.kind, argument: standing.rule.argument ?? 0 });
    }
    return struck;
  }
}

function isDue(when: When, call: number, rng: Rng): boolean {
  switch (when.kind) {
    case 'always':
      return true;
    case 'share':
      return rng.next() < when.share;
    case 'calls':
      return call >= when.from && call <= when.to;
    case 'every':
      return call % when.nth === 0;
  }
}

function fits({ method, glob }: { method: string; glob: string }, givenMethod: string, path: string): boolean {
  return (method === '*' || method === givenMethod) && matchesGlob(glob, path);
}

const patterns = operations.map(({ id, method, path }) => ({ id, method, parts: path.split('/') }));

/** The operation a request is for: of several that fit, the one with the fewest placeholders. */
function operationAt(method: string, path: string): string | undefined {
  const given = path.split('/');
  return patterns
    .filter(
      (operation) =>
        operation.method === method &&
        operation.parts.length === given.length &&
        operation.parts.every((part, i) => part.startsWith('{') || part === given[i]),
    )
    .sort((a, b) => placeholders(a.parts) - placeholders(b.parts))[0]?.id;
}

function placeholders(parts: readonly string[]): number {
  return parts.filter((part) => part.startsWith('{')).length;
}
