import { type CrashPoint, crashPoints } from '#kit/crash-point.ts';
import { type Rng, seededRng } from '#kit/rng.ts';
import type { Fate } from './chaos-proxy.ts';
import type { Met } from './crash-queue.ts';
import { registerThroughCrashes } from './register-crashes.ts';
import { scenarios, toolsOf } from './scenarios.ts';
import { type SoakResult, soak } from './soak.ts';
import { addTally, emptyTally, isClean, type Tally } from './tally.ts';
import { openWorld, type World } from './world.ts';

export interface SuiteOptions {
  readonly program: string;
  readonly seed: string;
  /** Intentions of each scenario, in the random part. */
  readonly intentions: number;
  /** How many processes share a state folder, one run for each number. */
  readonly processes: readonly number[];
  /**
   * Scenarios that go through every crash point; the others meet a few, drawn by the seed. With several numbers of
   * processes each takes its share of the points, another one with each seed, so that as many seeds as there are numbers
   * try every point with every tool and every number of processes.
   */
  readonly everyPoint: readonly string[] | 'all';
  /** Share of calls during which a process is killed at a random moment. */
  readonly killRate: number;
  /** How many scenarios run at once. */
  readonly atOnce: number;
  readonly fates: readonly Exclude<Fate, 'none'>[];
  readonly report: (part: string, result: SoakResult) => void;
}

export interface SuiteResult {
  readonly tally: Tally;
  readonly problems: readonly string[];
  /** Where which tool was killed. */
  readonly met: ReadonlySet<Met>;
  readonly clean: boolean;
}

/** Sharing one's points out is by the number of the seed. */
function shareOf(points: readonly CrashPoint[], { processes, seed }: SuiteOptions, nth: number): CrashPoint[] {
  return points.filter((_, at) => (at + Number(seed)) % processes.length === nth);
}

const CHAOS = 0.2;
const FEW_POINTS = 2;

/** The whole crash test with one seed: every scenario at named points and at random, and registration. */
export async function runSuite(options: SuiteOptions): Promise<SuiteResult> {
  const rng = seededRng(options.seed);
  const world = await openWorld(options.seed);
  const tally = emptyTally();
  const problems: string[] = [];
  const add = (part: string, result: SoakResult) => {
    addTally(tally, result.tally);
    problems.push(...result.problems.map((problem) => `${part}: ${problem}`));
    options.report(part, result);
  };
  const parts: { readonly name: string; readonly run: () => Promise<SoakResult> }[] = [];
  for (const [nth, processes] of options.processes.entries()) {
    for (const name of Object.keys(scenarios)) {
      parts.push({
        name: `${name}, ${processes} process${processes > 1 ? 'es' : ''}`,
        run: () => runScenario(options, world, rng, name, nth, processes),
      });
    }
  }
  const points = options.everyPoint === 'all' ? crashPoints : rng.shuffle(crashPoints).slice(0, 5);
  const { program, fates } = options;
  parts.push({
    name: 'register_agent',
    run: () => registerThroughCrashes({ program, world, rng: rng.fork('register'), points, chaos: CHAOS, fates }),
  });
  const met = new Set<Met>();
  const worker = async () => {
    for (let part = parts.shift(); part; part = parts.shift()) {
      const result = await part.run();
      add(part.name, result);
      for (const one of result.met) met.add(one);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.atOnce }, worker));
    if (options.everyPoint === 'all') problems.push(...missed(met));
    const violations = await world.violations();
    if (violations.length) {
      tally.lost += violations.length;
      problems.push(`the books do not add up: ${JSON.stringify(violations).slice(0, 500)}`);
    }
  } finally {
    await world.close();
  }
  return { tally, problems, met, clean: isClean(tally) };
}

/** Every tool must have died at every point, or nothing was shown about that point. */
function missed(met: ReadonlySet<Met>): string[] {
  const tools = ['register_agent', ...Object.keys(scenarios).flatMap(toolsOf)];
  const open = tools
    .flatMap((tool) => crashPoints.map((point): Met => `${tool}@${point}`))
    .filter((one) => !met.has(one));
  return open.length ? [`never killed at: ${open.join(', ')}`] : [];
}

async function runScenario(
  options: SuiteOptions,
  world: World,
  rng: Rng,
  name: string,
  nth: number,
  processes: number,
): Promise<SoakResult> {
  const scenario = scenarios[name];
  if (!scenario) throw new Error(`There is no scenario ${name}`);
  const own = rng.fork(`${name}/${processes}`);
  const all = options.everyPoint === 'all' || options.everyPoint.includes(name);
  const points = all ? shareOf(crashPoints, options, nth) : own.shuffle(crashPoints).slice(0, FEW_POINTS);
  return soak({
    program: options.program,
    world,
    scenario,
    rng: own,
    intentions: points.length + options.intentions,
    processes,
    chaos: CHAOS,
    fates: options.fates,
    killRate: options.killRate,
    points,
  });
}
