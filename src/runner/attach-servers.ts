import { join } from 'node:path';
import { type Clock, systemClock } from '#kit/clock.ts';
import type { Logger } from '#kit/log.ts';
import { liveSecrets } from '#kit/redact.ts';
import { createHealthRoutes } from './health/health-routes.ts';
import { collectMetrics } from './health/metrics.ts';
import { serveLocally } from './http-server.ts';
import type { Runner } from './runner-types.ts';
import { SettingsError } from './settings/runner-settings.ts';
import { createReceiver, REPLAY_KEEP_MS } from './webhook/receiver.ts';
import { openReplayGuard } from './webhook/replay-guard.ts';

export interface ServerOptions {
  readonly webhookPort?: number | undefined;
  readonly webhookSecrets: readonly string[];
  readonly allowBareSignatures?: boolean | undefined;
  readonly healthPort?: number | undefined;
  /** Where webhook ids are kept. */
  readonly statePath: string;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface AttachedServers {
  readonly webhookUrl: string | undefined;
  readonly healthUrl: string | undefined;
  close(): Promise<void>;
}

/**
 * The ports of a runner, each only where it was asked for.
 * @throws SettingsError without a secret to verify webhooks with, PortError
 */
export async function attachServers(runner: Runner, options: ServerOptions): Promise<AttachedServers> {
  const { webhookPort, webhookSecrets, healthPort, statePath, log, clock = systemClock } = options;
  const closing: (() => Promise<void>)[] = [];
  let webhookUrl: string | undefined;
  let healthUrl: string | undefined;
  if (webhookPort !== undefined) {
    if (webhookSecrets.length === 0) throw new SettingsError('--webhook-port needs SOTA_WEBHOOK_SECRET');
    for (const secret of webhookSecrets) liveSecrets.add(secret);
    const receiver = createReceiver({
      secrets: webhookSecrets,
      replays: await openReplayGuard(join(statePath, 'webhooks'), REPLAY_KEEP_MS, clock),
      clock,
      log,
      allowBareSignatures: options.allowBareSignatures ?? false,
      onEvent({ type, jobId }) {
        log.debug('woken by a webhook', { type, job: jobId });
        runner.wake();
      },
    });
    const server = await serveLocally(webhookPort, receiver);
    webhookUrl = server.url;
    closing.push(server.close);
  }
  if (healthPort !== undefined) {
    const metrics = collectMetrics(runner);
    const server = await serveLocally(healthPort, createHealthRoutes(runner, metrics, clock));
    healthUrl = server.url;
    closing.push(server.close, async () => metrics.close());
  }
  return {
    webhookUrl,
    healthUrl,
    async close() {
      for (const close of closing) await close();
    },
  };
}
