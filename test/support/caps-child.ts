/**
 * One of several processes that spend from one state directory at once. Told of a trial, it opens the policy afresh (as
 * a restart would) and spends through it; what "the marketplace" got is appended to a file before anything is answered,
 * so that a process that is killed has still been seen.
 */
import { appendFileSync } from 'node:fs';
import { createPolicy } from '#client/policy/gate.ts';
import { readPolicySettings } from '#client/policy/settings.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { withdraw } from '#contract/operations/payouts.ts';
import { createJob } from '#contract/operations/requester.ts';
import { readBootTime } from '#kit/boot-time.ts';
import { systemClock } from '#kit/clock.ts';
import { createLogger } from '#kit/log.ts';

export interface Order {
  readonly stateDir: string;
  readonly received: string;
  readonly env: Readonly<Record<string, string>>;
  /** What this process believes the time to be, in milliseconds beside the real one. */
  readonly clockOffset: number;
  readonly wishes: readonly {
    readonly operation: 'create_job' | 'withdraw';
    readonly micro: number;
    readonly key: string;
    /**
     * What becomes of it. `unreached`: it never left this machine. `killed`: the process dies before it has the answer.
     */
    readonly end: 'done' | 'refused' | 'unknown' | 'unreached' | 'killed';
  }[];
}

export interface Report {
  readonly sent: number;
  readonly refusedByPolicy: number;
  readonly trouble: readonly string[];
}

const WALLET = { address: 'GzGGsVSiT2aZE97fEz26mQfsvJMeZ8oP2CYPk8D9ycJK', updated_at: null };

async function spend({ stateDir, received, env, clockOffset, wishes }: Order): Promise<Report> {
  const policy = createPolicy({
    settings: () => readPolicySettings(env),
    stateDir,
    clock: { now: () => systemClock.now() + clockOffset, after: systemClock.after },
    bootTime: readBootTime,
    localOrigins: { is: async () => false },
    log: createLogger({ level: 'silent' }),
  });
  const sender = async () => ({
    origin: 'https://live.invalid',
    agentId: 'agent',
    look: (async () => WALLET) as never,
  });
  let sent = 0;
  let refusedByPolicy = 0;
  const trouble: string[] = [];
  for (const { operation, micro, key, end } of wishes) {
    const amount = micro / 1e6;
    const body =
      operation === 'withdraw' ? { amount_usdc: amount } : { description: key, budget_usdc: amount, tags: ['t'] };
    const request = {
      operation: operation === 'withdraw' ? withdraw : createJob,
      target: `/${operation}`,
      body: JSON.stringify(body),
    };
    try {
      const admission = await policy.admit(request, sender);
      await admission.send(request, key, async () => {
        if (end !== 'refused' && end !== 'unreached') appendFileSync(received, `${key} ${micro}\n`);
        sent += 1;
        if (end === 'killed') process.kill(process.pid, 'SIGKILL');
        if (end === 'done') return { data: { id: key, withdrawal_id: key } };
        const outcome = end === 'unknown' ? 'unknown' : 'rejected';
        throw new SotaError({
          code: end,
          message: end,
          fix: '',
          outcome,
          ...(end === 'refused' && { httpStatus: 402 }),
        });
      });
    } catch (error) {
      if (!(error instanceof SotaError)) trouble.push(String(error));
      else if (error.outcome === 'refused_by_policy') {
        refusedByPolicy += 1;
        if (error.code !== 'cap_exceeded') trouble.push(`${error.code}: ${error.message}`);
      }
    }
  }
  return { sent, refusedByPolicy, trouble };
}

process.on('message', async (order: Order) => process.send?.(await spend(order)));
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
