import type { SotaClient } from '#client/types.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { placeBid } from '#contract/operations/worker.ts';
import type { Logger } from '#kit/log.ts';
import { type BidPolicy, offerFor, readOffer } from './bid-policy.ts';
import type { RunnerListener } from './events.ts';
import type { HandlerHost } from './handlers/handler-host.ts';
import { type JobRow, viewOfJob } from './handlers/job-view.ts';

export interface Bidder {
  /**
   * Bids on what is worth it, oldest first, as long as there is room.
   * @param inHand jobs won or under way
   */
  bidOn(open: readonly JobRow[], inHand: number, signal: AbortSignal): Promise<void>;
}

interface Parts {
  readonly client: SotaClient;
  readonly handlers: HandlerHost;
  readonly policy: () => BidPolicy;
  readonly emit: RunnerListener;
  readonly log: Logger;
}

const MAX_REMEMBERED = 5_000;
/** Fixed, so that a bid that was sent before a crash and the same bid after it carry one key. */
const NONCE = 'runner-bid';

/**
 * Every job is decided on once per round of bidding. What we promise is bounded: jobs in hand and bids that may still
 * win never exceed the policy's limit, since all of them may win at once.
 */
export function createBidder({ client, handlers, policy, emit, log }: Parts): Bidder {
  const decided = new Set<string>();

  function note(key: string): void {
    decided.add(key);
    for (const oldest of decided) {
      if (decided.size <= MAX_REMEMBERED) break;
      decided.delete(oldest);
    }
  }

  async function offer(job: JobRow): Promise<{ amount_usdc: number; estimated_seconds: number } | undefined> {
    const { capabilities, takesAnything } = handlers.declared();
    const handled = takesAnything ? undefined : capabilities;
    const own = await handlers.bid(viewOfJob(job, capabilities ?? new Set()));
    if (own === null) return undefined;
    if (own !== undefined) return readOffer(own, policy());
    const made = offerFor(job, policy(), handled);
    return made && readOffer(made, policy());
  }

  async function bid(job: JobRow, signal: AbortSignal): Promise<boolean> {
    const made = await offer(job);
    if (!made) return false;
    await client.run(
      placeBid,
      {
        slot: `bid/${job.id}`,
        epoch: String(job.retry_count ?? 0),
        nonce: NONCE,
        request: { body: { job_id: job.id, ...made } },
      },
      { signal },
    );
    emit({ type: 'bid', jobId: job.id, usdc: made.amount_usdc, title: job.title ?? null });
    return true;
  }

  return {
    async bidOn(open, inHand, signal) {
      let promised = inHand + open.filter(hasBid).length;
      for (const job of [...open].reverse()) {
        if (promised >= policy().maxConcurrent) return;
        const round = `${job.id}/${job.retry_count ?? 0}`;
        if (hasBid(job) || decided.has(round)) continue;
        try {
          if (await bid(job, signal)) promised += 1;
          note(round);
        } catch (error) {
          if (signal.aborted) return;
          if (error instanceof SotaError && error.httpStatus === 401) throw error;
          // Not answered: the next look shows whether it stands, and the same key makes a repeat harmless.
          if (!(error instanceof SotaError && (error.retryable || error.outcome === 'unknown'))) note(round);
          log.warn('no bid was placed', {
            job: job.id,
            problem: error instanceof Error ? error.message : String(error),
          });
        }
      }
    },
  };
}

function hasBid(job: JobRow): boolean {
  return job.my_bid?.status === 'pending' || job.my_bid?.status === 'won';
}
