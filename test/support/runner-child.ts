/**
 * A runner in a process that tests kill. The handler writes one line per run to a log of its own, before and after, so
 * that a test can tell what ran and what was stored when.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '#kit/log.ts';
import { hostOf } from '#runner/handlers/in-process-host.ts';
import { readHandlers } from '#runner/handlers/read-handlers.ts';
import { openRunner } from '#runner/open-runner.ts';
import { readSettings } from '#runner/settings/runner-settings.ts';

const [folder = '', url = '', key = ''] = process.argv.slice(2);
const note = (line: string) => appendFileSync(join(folder, 'runs.log'), `${line}\n`);
const handlers = readHandlers(
  {
    bidPolicy: { maxConcurrent: 40 },
    handlers: {
      'data-extraction': async (job: { id: string; epoch: string }) => {
        note(`run ${job.id} ${job.epoch}`);
        // A few take long enough to be under way when a drain begins.
        const ms = Number.parseInt(job.id.slice(-2), 16) < 10 ? 1_200 : 5;
        await new Promise((resolve) => setTimeout(resolve, ms));
        return { did: job.id };
      },
    },
  },
  'child',
);
const settings = readSettings({
  SOTA_API_URL: url,
  SOTA_API_KEY: key,
  SOTA_HOME: join(folder, 'home'),
  SOTA_POLL_INTERVAL_SECONDS: '0.05',
  SOTA_HEARTBEAT_INTERVAL_SECONDS: '1',
});
const host = hostOf(() => handlers, 'child');
const log = createLogger({ level: 'silent' });
const { runner, close } = await openRunner({ folder, settings, handlers: host, log, concurrency: 20, graceMs: 2_000 });
runner.on((event) => {
  if (event.type === 'stored') note(`stored ${event.job.id} ${event.job.epoch}`);
});
const hold = setInterval(() => {}, 1_000);
process.once('SIGTERM', async () => {
  await runner.drain();
  await close();
  clearInterval(hold);
  process.exit(0);
});
runner.start();
process.stdout.write('up\n');
