/** A marketplace and two agents in this process, with a clock that stands still: the same run gives the same answers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSession } from '#client/session.ts';
import type { Clock } from '#kit/clock.ts';
import { createKillableValidator } from '#kit/json-schema/killable-validator.ts';
import { createLogger } from '#kit/log.ts';
import { startMarket } from '#market/serve.ts';
import { createDispatch } from '#server/dispatch.ts';
import { createDocsLibrary } from '#server/docs-library.ts';
import { tools } from '#tools/registry.ts';

export type Json = Readonly<Record<string, unknown>>;

/** One agent behind the tools, as a model meets it. */
export interface Agent {
  /** What a model reads, be it an answer or an error. */
  call(tool: string, args: Json): Promise<Json>;
}

export interface Stage {
  readonly worker: Agent;
  readonly requester: Agent;
  /** Acts on the marketplace as its operator. */
  operate(path: string, body: Json): Promise<void>;
  /** Lets virtual time pass. */
  pass(seconds: number): Promise<void>;
  close(): Promise<void>;
}

const START = Date.parse('2026-01-05T09:00:00Z');

export async function openStage(): Promise<Stage> {
  const home = mkdtempSync(join(tmpdir(), 'sota-examples-'));
  const log = createLogger({ level: 'error' });
  let now = START;
  const clock: Clock = { now: () => now, after: () => () => {} };
  const market = await startMarket({ port: 0, data: ':memory:', clock, settings: { seed: 'examples' } });
  const validator = createKillableValidator();
  const docs = createDocsLibrary();
  const closing: (() => Promise<void>)[] = [];

  function agent(name: string): Agent {
    const session = createSession({
      originProvider: async () => market.url,
      originId: `local:${name}`,
      local: true,
      env: {},
      stateDir: join(home, name),
      log,
    });
    closing.push(() => session.close(1_000));
    const dispatch = createDispatch({ session, activeTools: tools, allTools: tools, docs, validator, log });
    return {
      async call(tool, args) {
        const answer = await dispatch({ name: tool, arguments: args, signal: AbortSignal.timeout(30_000) });
        const [block] = answer.content as readonly { text: string }[];
        return (answer.structuredContent ?? JSON.parse(block?.text ?? '{}')) as Json;
      },
    };
  }

  async function operate(path: string, body: Json): Promise<void> {
    const answer = await fetch(`${market.url}/_local/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path} answered with ${answer.status}: ${await answer.text()}`);
  }

  return {
    worker: agent('worker'),
    requester: agent('requester'),
    operate,
    async pass(seconds) {
      now += seconds * 1000;
      await market.market.settleDue();
    },
    async close() {
      await Promise.all(closing.map((close) => close()));
      await Promise.all([market.close(), validator.close()]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
