import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Rng, seededRng } from '#kit/rng.ts';
import type { Order, Report } from './caps-child.ts';

/** What a race came to. All that matters is that `overTheCap` is 0. */
export interface RaceFigures {
  readonly trials: number;
  readonly processes: number;
  wishes: number;
  sent: number;
  refused: number;
  /** Processes killed while the marketplace had the money and they had no answer; started again for the next round. */
  killed: number;
  /** Trials in which the ledger was deleted between two rounds, and how much was sent after that. */
  ledgersDeleted: number;
  sentAfterDeletion: number;
  overTheCap: number;
  /** Of trials where every wish fits many times: how much of the limit was used, 0 to 1. */
  meanUse: number;
  trouble: string[];
}

type Limit = 'SOTA_MAX_DAY_USDC' | 'SOTA_MAX_OPEN_ESCROW_USDC' | 'SOTA_MAX_WITHDRAW_DAY_USDC';
const LIMITS: readonly Limit[] = ['SOTA_MAX_DAY_USDC', 'SOTA_MAX_OPEN_ESCROW_USDC', 'SOTA_MAX_WITHDRAW_DAY_USDC'];
const HOUR = 3_600_000;
const ALONE = ['done', 'done', 'done', 'refused', 'unknown', 'unreached', 'killed'] as const;
const TOGETHER = ['done', 'unreached', 'unreached', 'unknown', 'killed'] as const;
const script = fileURLToPath(new URL('./caps-child.ts', import.meta.url));

/** A child process that takes orders, and is replaced when an order kills it. */
class Spender {
  #child: ChildProcess | undefined;

  async obey(order: Order): Promise<Report | 'killed'> {
    const child = await this.#alive();
    return await new Promise((resolve, reject) => {
      const ended = (_code: number | null, signal: NodeJS.Signals | null) => {
        this.#child = undefined;
        if (signal === 'SIGKILL') resolve('killed');
        else reject(new Error(`a spending process ended by itself (${signal})`));
      };
      child.once('exit', ended);
      child.once('message', (report) => {
        child.off('exit', ended);
        resolve(report as Report);
      });
      child.send(order);
    });
  }

  async #alive(): Promise<ChildProcess> {
    if (this.#child) return this.#child;
    const child = fork(script, [], { execArgv: ['--import', 'tsx'] });
    this.#child = child;
    await new Promise((resolve) => child.once('message', resolve));
    return child;
  }

  end(): void {
    this.#child?.disconnect();
  }
}

/**
 * Lets real processes spend from one state directory at the same time, trial after trial, and adds up what a
 * marketplace would have got. Every trial has its own limit, amounts, clocks (also ones set back, also around midnight)
 * and ends; some processes are killed in the middle, some ledgers deleted.
 */
export async function runCapsRace(trials: number, processes: number, seed: string): Promise<RaceFigures> {
  const figures: RaceFigures = {
    trials,
    processes,
    wishes: 0,
    sent: 0,
    refused: 0,
    killed: 0,
    ledgersDeleted: 0,
    sentAfterDeletion: 0,
    overTheCap: 0,
    meanUse: 0,
    trouble: [],
  };
  const spenders = Array.from({ length: processes }, () => new Spender());
  const uses: number[] = [];
  try {
    for (let trial = 0; trial < trials; trial++) {
      const use = await runTrial(figures, spenders, seededRng(`${seed}/${trial}`), `${seed}/${trial}`);
      if (use !== undefined) uses.push(use);
    }
  } finally {
    for (const spender of spenders) spender.end();
  }
  figures.meanUse = uses.reduce((sum, use) => sum + use, 0) / Math.max(1, uses.length);
  return figures;
}

async function runTrial(
  figures: RaceFigures,
  spenders: readonly Spender[],
  rng: Rng,
  name: string,
): Promise<number | undefined> {
  const home = mkdtempSync(join(tmpdir(), 'sota-race-'));
  const stateDir = join(home, 'mcp');
  const received = join(home, 'received');
  writeFileSync(received, '');
  const limit = rng.pick(LIMITS);
  const cap = rng.int(1_000_000, 200_000_000);
  const env = {
    SOTA_CONFIRM: 'never',
    SOTA_MAX_JOB_USDC: '1000000',
    SOTA_MAX_DAY_USDC: '1000000',
    SOTA_MAX_OPEN_ESCROW_USDC: '1000000',
    [limit]: (cap / 1e6).toFixed(6),
  };
  const operation = limit === 'SOTA_MAX_WITHDRAW_DAY_USDC' ? 'withdraw' : 'create_job';
  const gentle = rng.int(0, 1) === 0;
  // A fifth of the limit each, so that many fit and more do not; or anything up to the whole limit.
  const amount = () => (gentle ? Math.floor(cap / 5) : rng.int(1, cap));
  // A marketplace refuses a key for good or not at all, so in company nobody is refused.
  const shared = !gentle && rng.int(0, 2) === 0;
  const shares = [amount(), amount()];
  const midnight = rng.int(0, 3) === 0 ? (24 * HOUR - (Date.now() % (24 * HOUR))) % (24 * HOUR) : 0;
  const orderFor = (round: number, at: number): Order => ({
    stateDir,
    received,
    env,
    // Back by up to two days, or around the next midnight; never a day ahead, which would be a day later indeed.
    clockOffset: midnight === 0 ? -rng.int(0, 1) * rng.int(0, 48) * HOUR : midnight + rng.int(-2_000, 2_000),
    wishes: Array.from({ length: 2 }, (_, wish) => ({
      operation,
      // One intent, found by several processes: the same key and amount, and each fares differently with it.
      micro: shared ? (shares[wish % shares.length] ?? 1) : amount(),
      key: shared ? `${name}/${round}/${wish}` : `${name}/${round}/${at}/${wish}`,
      end: gentle ? 'done' : rng.pick(shared ? TOGETHER : ALONE),
    })),
  });

  const round = async (number: number): Promise<void> => {
    const orders = spenders.map((_, at) => orderFor(number, at));
    const reports = await Promise.all(spenders.map((spender, at) => spender.obey(orders[at] as Order)));
    for (const report of reports) {
      if (report === 'killed') {
        figures.killed += 1;
        continue;
      }
      figures.sent += report.sent;
      figures.refused += report.refusedByPolicy;
      figures.trouble.push(...report.trouble);
    }
    figures.wishes += spenders.length * 2;
  };
  // A marketplace acts once per key.
  const total = (): number => {
    const byKey = new Map<string, number>();
    for (const line of readFileSync(received, 'utf8').split('\n')) {
      const [key = '', micro = '0'] = line.split(' ');
      byKey.set(key, Number(micro));
    }
    return [...byKey.values()].reduce((sum, micro) => sum + micro, 0);
  };

  try {
    await round(1);
    if (rng.int(0, 9) === 0 && total() > 0) {
      rmSync(join(stateDir, 'spend'), { recursive: true, force: true });
      const before = total();
      const noise = figures.trouble.length;
      await round(2);
      figures.ledgersDeleted += 1;
      figures.sentAfterDeletion += total() - before;
      // Refusing for the missing ledger is what is wanted here.
      const expected = (line: string) => line.startsWith('spend_ledger_damaged');
      figures.trouble.splice(
        noise,
        Number.POSITIVE_INFINITY,
        ...figures.trouble.slice(noise).filter((line) => !expected(line)),
      );
    } else if (!gentle) {
      await round(2);
    }
    if (total() > cap) figures.overTheCap += 1;
    return gentle ? total() / (Math.floor(cap / 5) * 5) : undefined;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
