import { type CrashPoint, crashPoints } from '#kit/crash-point.ts';
import type { DrivenServer } from './driven-server.ts';

/** What recovery finds is what an earlier process left, so that one has to die first, and here. */
const LEAVES_WORK: CrashPoint = 'after-intent';
const IN_RECOVERY: ReadonlySet<CrashPoint> = new Set(['before-recover', 'after-recover']);
const AFTER_THE_ANSWER: ReadonlySet<CrashPoint> = new Set(['before-seen', 'after-seen']);
/** Chance decides whether a call gets as far as its point: an answer that is lost too often never does. */
const TRIES = 8;

/** A point at which one tool was killed, `tool@point`. */
export type Met = `${string}@${CrashPoint}`;

/**
 * The points at which one process after the other is to kill itself, for each tool all of them. A point that a process
 * was armed with and did not reach is taken again later.
 */
export class CrashQueue {
  readonly #points: readonly CrashPoint[];
  readonly #left = new Map<string, { point: CrashPoint; tries: number }[]>();
  readonly met = new Set<Met>();

  constructor(points: readonly CrashPoint[]) {
    this.#points = points;
  }

  /** Whether every point was tried for every tool seen so far. */
  get empty(): boolean {
    return [...this.#left.values()].every((left) => left.every(({ tries }) => tries === 0));
  }

  /**
   * Makes the server die at the tool's next point: at once, where recovery is to die, or during the call that follows.
   * @returns what the process of that call is to be armed with
   */
  async arm(server: DrivenServer, tool: string): Promise<string | undefined> {
    const left = this.#left.get(tool) ?? this.#points.map((point) => ({ point, tries: TRIES }));
    this.#left.set(tool, left);
    while (left[0]?.tries === 0) left.shift();
    const next = left[0];
    if (!next) return undefined;
    next.tries -= 1;
    // A point is armed by the environment, so the process has to start with it.
    await server.stop();
    const recovers = IN_RECOVERY.has(next.point);
    if (!recovers) return `${next.point}:1`;
    if (server.diedAt !== `${LEAVES_WORK}:1`) return `${LEAVES_WORK}:1`;
    await server.start(`${next.point}:1`);
    await server.ended();
    if (server.diedAt) this.#note(tool, server.diedAt);
    // A registration is recovered by the call that asks for it, not at the start.
    return server.diedAt ? undefined : `${next.point}:1`;
  }

  /** After a call that was armed: whether its process died where it was to. */
  async check(server: DrivenServer, tool: string, armed: string): Promise<void> {
    const point = pointOf(armed);
    if (!point) return;
    if (AFTER_THE_ANSWER.has(point)) await server.ended();
    if (server.diedAt === armed) this.#note(tool, armed);
    const left = this.#left.get(tool) ?? [];
    if (left[0]?.point === point) left.push(...left.splice(0, 1));
  }

  #note(tool: string, armed: string): void {
    const point = pointOf(armed);
    if (!point) return;
    this.met.add(`${tool}@${point}`);
    const left = this.#left.get(tool) ?? [];
    const at = left.findIndex((one) => one.point === point);
    if (at !== -1) left.splice(at, 1);
  }
}

function pointOf(armed: string): CrashPoint | undefined {
  return crashPoints.find((point) => armed === `${point}:1`);
}
