import { readFileSync } from 'node:fs';
import { enrolAgents } from '../test/support/load/load-driver.ts';
import { spawnMarket } from '../test/support/load/market-process.ts';
import { quantile, residentMegabytes, round, type Table } from './bench.ts';
import { benchPlaces } from './market-places.ts';

export const name = 'market-start';
export const description =
  'How long a marketplace takes to open what is there already, and what it holds while nobody calls';

const ROUNDS = Math.max(7, Number(process.env.SOTA_BENCH_ROUNDS ?? 0));
const AGENTS = 20;
/** Memory is read when start-up has been tidied away. */
const SETTLE_MS = 4_000;

/** From spawning `sota-mcp market` to the answer to its first request, over a database with agents and jobs in it. */
export async function run(): Promise<Table> {
  const { places, missing } = await benchPlaces();
  const rows: (string | number)[][] = [];
  try {
    for (const { engine, create } of places) {
      const place = await create();
      const first = spawnMarket(place);
      await enrolAgents(await first.ready, AGENTS);
      await first.end('SIGKILL');
      const times: number[] = [];
      const processor: number[] = [];
      const megabytes: number[] = [];
      for (let number = 0; number < ROUNDS; number += 1) {
        const started = performance.now();
        const market = spawnMarket(place);
        try {
          const answer = await fetch(`${await market.ready}/health`);
          await answer.text();
          times.push(performance.now() - started);
          processor.push(processorMs(market.pid));
          if (number === ROUNDS - 1) {
            await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
            megabytes.push(residentMegabytes(market.pid));
          }
        } finally {
          await market.end('SIGTERM');
        }
      }
      const [p10, p90] = [quantile(times, 0.1), quantile(times, 0.9)];
      const median = round(quantile(times, 0.5));
      const spent = quantile(processor, 0.5);
      rows.push([engine, median, round(p10), round(p90), spent, round(megabytes[0] ?? Number.NaN)]);
    }
  } finally {
    for (const place of places) await place.close();
  }
  return {
    columns: ['engine', 'first answer, median ms', 'p10', 'p90', 'processor ms', 'idle memory MB'],
    rows,
    notes: [
      `${ROUNDS} starts after a kill -9, ${AGENTS} agents in the database; spawn to answer, Node's own start included; Node ${process.version}.`,
      'Node 22.13 and later use their own SQLite, older ones a WebAssembly build. Memory is resident size, on Linux only.',
      'Processor time, of all threads, tells more than the clock where other programs run beside.',
      ...missing,
    ],
  };
}

/** Linux counts in hundredths of a second. */
function processorMs(pid: number): number {
  try {
    const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    const [user, system] = fields.split(' ').slice(11, 13);
    return (Number(user) + Number(system)) * 10;
  } catch {
    return Number.NaN;
  }
}
