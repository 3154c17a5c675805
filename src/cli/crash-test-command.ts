import { fileURLToPath } from 'node:url';
import type { Fate } from './crash-test/chaos-proxy.ts';
import { runSuite } from './crash-test/suite.ts';
import { addTally, emptyTally, isClean } from './crash-test/tally.ts';
import { describeFlags, parseFlags, wholeNumber } from './flags.ts';

const flags = {
  seed: {
    type: 'string',
    value: 'N',
    summary: 'Repeats a run: fates, kills and their order come from it',
    default: '1',
  },
  seeds: { type: 'string', value: 'N', summary: 'How many seeds to run, from --seed on', default: '1; with --long 5' },
  long: {
    type: 'boolean',
    summary: 'Every crash point with every tool, 1, 2 and 4 processes, thousands of intentions',
  },
  json: { type: 'boolean', summary: 'End with one line of JSON, and print nothing else' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-mcp crash-test [options]

Kills MCP servers and breaks their connections while they pay, bid, deliver and register against a marketplace on this
machine, then compares what they said with what the marketplace's own records say.

  intentions   things that were to happen exactly once
  kill_points  processes killed, at named points in the code and at random
  joined       calls that found an equal one under way and shared its result
  duplicated   effects nobody wanted                                             must be 0
  swallowed    intentions without an effect                                      must be 0
  lost         objects named in an answer that do not exist, keys that are gone  must be 0

${describeFlags(flags)}

Exits with 1 where one of the last three is not 0.

Examples:
  sota-mcp crash-test
  sota-mcp crash-test --seed 7 --json`;

/** Silence costs a whole attempt time-out each time, so only long runs draw it. */
const SHORT: Exclude<Fate, 'none'>[] = ['lose_request', 'lose_answer', 'cut_answer', 'stall', 'repeat'];
const LONG: Exclude<Fate, 'none'>[] = [...SHORT, 'lose_answer', 'cut_answer', 'repeat', 'lose_request', 'silence'];

/** Of each scenario: with 15 of them, 3 numbers of processes and 5 seeds more than 10,000. */
const LONG_INTENTIONS = 42;

export const command = {
  name: 'crash-test',
  summary: 'Kill servers while they pay, and count what happened twice or not at all',
  async run(argv: readonly string[]): Promise<number> {
    const values = parseFlags(argv, flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const first = wholeNumber('seed', values.seed ?? '1', 0, 1_000_000_000);
    const count = wholeNumber('seeds', values.seeds ?? (values.long ? '5' : '1'), 1, 1000);
    const say = values.json ? () => {} : (line: string) => console.log(line);
    const tally = emptyTally();
    const problems: string[] = [];
    const met = new Set<string>();
    for (let seed = first; seed < first + count; seed += 1) {
      say(`seed ${seed}`);
      const result = await runSuite({
        program: fileURLToPath(new URL('./sota-mcp.js', import.meta.url)),
        seed: String(seed),
        intentions: values.long ? LONG_INTENTIONS : 6,
        processes: values.long ? [1, 2, 4] : [1 + (seed % 2)],
        everyPoint: values.long ? 'all' : ['withdraw'],
        fates: values.long ? LONG : SHORT,
        killRate: values.long ? 0.05 : 0.12,
        // Most of the time is spent waiting: for processes to start, and for answers that never come.
        atOnce: values.long ? 8 : 2,
        report: (part, { tally: t }) =>
          say(
            `  ${part.padEnd(48)} ${String(t.intentions).padStart(4)} intentions ${String(t.kill_points).padStart(4)} kills  ${t.duplicated} twice  ${t.swallowed} never  ${t.lost} lost`,
          ),
      });
      addTally(tally, result.tally);
      for (const one of result.met) met.add(one);
      problems.push(...result.problems.map((problem) => `seed ${seed}: ${problem}`));
    }
    say(`\n${met.size} pairs of a tool and a named point at which it was killed`);
    for (const problem of problems) say(`! ${problem}`);
    for (const [name, value] of Object.entries(tally)) say(`${name.padEnd(12)} ${value}`);
    if (values.json) console.log(JSON.stringify(tally));
    return isClean(tally) && problems.length === 0 ? 0 : 1;
  },
};
