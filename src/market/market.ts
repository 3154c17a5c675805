import type { Hono } from 'hono';
import { type Clock, systemClock } from '#kit/clock.ts';
import { createKillableValidator } from '#kit/json-schema/killable-validator.ts';
import { seededRng } from '#kit/rng.ts';
import { FaultPlan } from './faults/fault-plan.ts';
import { faultySend } from './faults/faulty-send.ts';
import { allRoutes } from './http/all-routes.ts';
import { createApp } from './http/app.ts';
import { type Access, loopbackAccess } from './http/gate.ts';
import type { SkillPages } from './http/routes/docs.ts';
import type { MarketContext } from './market-context.ts';
import { type MarketLog, silentLog } from './market-log.ts';
import { defaultSettings, type MarketSettings } from './market-settings.ts';
import { settle } from './rules/settle.ts';
import { type Database, openDatabase, type Storage } from './storage/database.ts';
import { seedTaxonomy } from './storage/seed-taxonomy.ts';
import { openMarketClock } from './time/market-clock.ts';
import { createScheduler } from './time/scheduler.ts';
import { type SendWebhook, sendWebhook } from './webhooks/send-webhook.ts';
import { createWebhookSender } from './webhooks/webhook-sender.ts';
import type { Scenario } from './world/scenario/scenario-schema.ts';
import type { WorldSettings } from './world/world-settings.ts';

/** The database (`file` or `databaseUrl`) and all that makes one marketplace differ from another. */
export type MarketOptions = Storage & MarketParts;

export interface MarketParts {
  readonly settings?: Partial<MarketSettings>;
  readonly clock?: Clock;
  readonly log?: MarketLog;
  /** Who may come in; loopback unless stated. */
  readonly access?: Access;
  /** Peoples the marketplace; what is not set is as usual, so `{}` is a usual world. Nobody is there unless given. */
  readonly world?: Partial<WorldSettings> | undefined;
  /** Plays a scripted situation, see parse-scenario.ts and scenario-options.ts. @throws ScenarioError */
  readonly scenario?: Scenario | undefined;
  /** What goes wrong on purpose, as `--faults` takes it. @throws FaultSpecError */
  readonly faults?: string | undefined;
  /** Where the pages of the skill come from; without it their addresses answer 404. */
  readonly skillPages?: SkillPages | undefined;
  /** How webhooks leave; a fault layer puts itself in between. */
  readonly send?: SendWebhook;
}

export interface Market {
  /** Answers requests without a socket; what the HTTP server mounts. */
  readonly app: Hono;
  readonly db: Database;
  readonly context: MarketContext;
  /** Which database runs underneath, for people. */
  readonly engine: string;
  /** Settles everything due now, in order. */
  settleDue(): Promise<void>;
  close(): Promise<void>;
}

/**
 * A whole marketplace over one database. What fell due while it was closed is settled before the first request. Over a
 * `databaseUrl`, any number of these, here or in other processes, serve the same marketplace together.
 * @example const market = await createMarket({ file: ':memory:', settings: { seed: '7' } });
 * @example const market = await createMarket({ databaseUrl: 'postgres://localhost/sota' });
 */
export async function createMarket(options: MarketOptions): Promise<Market> {
  const { settings, clock = systemClock, log = silentLog, access = loopbackAccess } = options;
  const { scenario, world = scenario && { traffic: 0, rivals: 0 }, skillPages, send = sendWebhook } = options;
  const chosen = { ...defaultSettings, ...settings };
  const rng = seededRng(chosen.seed);
  const faults = new FaultPlan(rng);
  if (options.faults !== undefined) faults.add(options.faults);
  const { db, engine, shared, listen, close } = await openDatabase(options);
  const validator = createKillableValidator();
  const marketClock = await openMarketClock(db, clock, chosen.speed);
  const parts = { clock: marketClock, settings: chosen, rng, log };
  const webhooks = createWebhookSender({ ...parts, db, send: faultySend(send, faults), wake: () => scheduler.wake() });
  const base: MarketContext = { ...parts, validator, webhooks, faults, hasRealtime: access.reach === 'loopback' };
  const scheduler = createScheduler(db, marketClock, (tx, due) => settle(tx, context, due), log, {
    withWorld: world !== undefined,
    shared,
  });
  await seedTaxonomy(db, clock.now());
  const context = world ? await peopled(db, base, world, scenario) : base;
  await scheduler.settleDue();
  const stopListening = await listen(clock, () => scheduler.wake());
  return {
    app: createApp({ db, context, scheduler, log, routes: allRoutes(skillPages), access }),
    db,
    context,
    engine,
    settleDue: () => scheduler.settleDue(),
    async close() {
      await stopListening();
      await scheduler.stop();
      await webhooks.close();
      await validator.close();
      await close();
    },
  };
}

/** The code of the world is loaded where there is one. */
async function peopled(
  db: Database,
  base: MarketContext,
  world: Partial<WorldSettings>,
  scenario?: Scenario,
): Promise<MarketContext> {
  const { openWorld } = await import('./world/open-world.ts');
  return openWorld(db, base, world, scenario);
}
