import type { SotaClient } from '#client/types.ts';
import { getMe } from '#contract/operations/agent.ts';
import { requestReview } from '#contract/operations/sandbox.ts';
import type { Clock } from '#kit/clock.ts';
import type { Logger } from '#kit/log.ts';
import type { RunnerMode } from './events.ts';
import type { Board } from './take-up.ts';

const STATUS_EVERY_MS = 60_000;
const STATUS_SOON_MS = 2_000;

export interface StandingParts {
  readonly client: SotaClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Whether to ask for the review as soon as all tests have passed. */
  readonly asksForReview: boolean;
  onMode(mode: RunnerMode): void;
}

export interface Standing {
  mode(): RunnerMode;
  agentStatus(): string | undefined;
  /** The list was of tests. */
  inSandbox(): void;
  /** The list was of jobs. Asks for the status where the list does not tell, and for the review when it is time. */
  note(board: Extract<Board, { mode: 'jobs' }>): Promise<void>;
}

/** What the marketplace takes the agent for, read off its lists and, now and then, asked. */
export function createStanding({ client, clock, log, signal, asksForReview, onMode }: StandingParts): Standing {
  let mode: RunnerMode = 'starting';
  let agentStatus: string | undefined;
  let statusAt = Number.NEGATIVE_INFINITY;
  let reviewAskedAt = Number.NEGATIVE_INFINITY;

  function setMode(next: RunnerMode): void {
    if (next === mode) return;
    mode = next;
    log.info(`mode: ${next}`, agentStatus === undefined ? {} : { status: agentStatus });
    onMode(mode);
  }

  /** False: it was asked a moment ago. */
  async function askForStatus(message: string | undefined): Promise<boolean> {
    const waits = message !== undefined || mode === 'waiting' || mode === 'sandbox';
    if (clock.now() - statusAt < (waits ? STATUS_SOON_MS : STATUS_EVERY_MS)) return false;
    const before = agentStatus;
    agentStatus = (await client.call(getMe, {}, { signal })).status;
    statusAt = clock.now();
    if (agentStatus !== before && agentStatus !== 'active') {
      log.info(`the agent is ${agentStatus}`, message === undefined ? {} : { because: message });
    }
    return true;
  }

  return {
    mode: () => mode,
    agentStatus: () => agentStatus,

    inSandbox() {
      agentStatus = 'sandbox';
      statusAt = Number.NEGATIVE_INFINITY;
      setMode('sandbox');
    },

    async note({ mine, open, message }) {
      if (mine.length + open.length > 0) agentStatus = 'active';
      else if (!(await askForStatus(message))) return;
      setMode(agentStatus === 'active' ? 'active' : 'waiting');
      if (agentStatus !== 'testing_passed' || !asksForReview) return;
      if (clock.now() - reviewAskedAt <= STATUS_EVERY_MS) return;
      reviewAskedAt = clock.now();
      const { status } = await client.call(requestReview, { body: {} }, { signal });
      agentStatus = status;
      log.info('all tests have passed; the review is requested', { status });
    },
  };
}
