import { crashPoints } from '#kit/crash-point.ts';
import { type Rng, seededRng } from '#kit/rng.ts';
import type { Fate } from './chaos-proxy.ts';
import { registerThroughCrashes } from './register-crashes.ts';
import { scenarios } from './scenarios.ts';
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
  /** Scenarios that go through every crash point; the others meet a few, drawn by the seed. */
  readonly everyPoint: readonly string[] | 'all';
  readonly fates: readonly Exclude<Fate, 'none'>[];
  readonly report: (part: string, result: SoakResult) => void;
}

export interface SuiteResult {
  readonly tally: Tally;
  readonly problems: readonly string[];
  readonly clean: boolean;
}

const CHAOS = 0.2;
const KILL_RATE = 0.12;
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
  try {
    for (const processes of options.processes) {
      for (const name of Object.keys(scenarios))
        add(
          `${name}, ${processes} process${processes > 1 ? 'es' : ''}`,
          await runScenario(options, world, rng, name, processes),
        );
    }
    const points = options.everyPoint === 'all' ? crashPoints : rng.shuffle(crashPoints).slice(0, 5);
    const { program, fates } = options;
    add(
      'register_agent',
      await registerThroughCrashes({ program, world, rng: rng.fork('register'), points, chaos: CHAOS, fates }),
    );
    const violations = await world.violations();
    if (violations.length) {
      tally.lost += violations.length;
      problems.push(`the books do not add up: ${JSON.stringify(violations).slice(0, 500)}`);
    }
  } finally {
    await world.close();
  }
  return { tally, problems, clean: isClean(tally) };
}

async function runScenario(
  options: SuiteOptions,
  world: World,
  rng: Rng,
  name: string,
  processes: number,
): Promise<SoakResult> {
  const scenario = scenarios[name];
  if (!scenario) throw new Error(`There is no scenario ${name}`);
  const own = rng.fork(`${name}/${processes}`);
  const all = options.everyPoint === 'all' || options.everyPoint.includes(name);
  const points = all ? crashPoints : own.shuffle(crashPoints).slice(0, FEW_POINTS);
  return soak({
    program: options.program,
    world,
    scenario,
    rng: own,
    intentions: points.length + options.intentions,
    processes,
    chaos: CHAOS,
    fates: options.fates,
    killRate: KILL_RATE,
    points,
  });
}
