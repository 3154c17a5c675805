import { type Action, type FakeOrigin, fakeOrigin, type Received, refusal } from './fake-origin.ts';

/** What happens to one request for money. */
export type Luck = 'answered' | 'lost before' | 'lost after' | 'refused' | 'slow';

/** An origin that pays, honours Idempotency-Keys unless told otherwise, and loses answers on request. */
export interface PayingOrigin extends FakeOrigin {
  /** Every payment that was really made, in order. */
  readonly payments: { readonly id: string; readonly amount: number; readonly key: string }[];
  /** Bids that were really placed. */
  readonly bids: { readonly id: string; readonly job_id: string; readonly amount_usdc: number; status: string }[];
  /** What happens to the next requests; `answered` once it is used up. */
  luck: Luck[];
  /** Lets slow requests go on. */
  release(): void;
  keys(path: string): unknown[];
}

export const WITHDRAW = '/api/v1/payouts/withdraw';
export const BID = '/api/v1/agents/bid';

export async function payingOrigin({ honoursKeys = true } = {}): Promise<PayingOrigin> {
  const kept = new Map<string, Action>();
  const running = new Set<string>();
  let waiting: (() => void)[] = [];
  const parameters = honoursKeys ? [{ in: 'header', name: 'Idempotency-Key' }] : [];
  const paths = {
    [WITHDRAW]: { post: { parameters } },
    '/api/v1/agents/bids/{bid_id}': { delete: {} },
    '/api/v1/agents/jobs/{job_id}': { get: {} },
  };

  function keyed(act: (request: Received) => Action) {
    return async (request: Received): Promise<Action> => {
      const key = String(request.headers['idempotency-key']);
      const luck = origin.luck.shift() ?? 'answered';
      if (luck === 'lost before') return 'reset';
      if (honoursKeys && running.has(key)) return refusal(409, 'idempotency_in_flight');
      const before = honoursKeys ? kept.get(key) : undefined;
      if (before)
        return luck === 'lost after' ? 'reset' : { ...(before as object), headers: { 'Idempotent-Replayed': 'true' } };
      if (luck === 'slow') {
        running.add(key);
        await new Promise<void>((resolve) => waiting.push(resolve));
        running.delete(key);
      }
      const answer = luck === 'refused' ? refusal(409, 'insufficient_balance') : act(request);
      kept.set(key, answer);
      return luck === 'lost after' ? 'reset' : answer;
    };
  }

  const origin: PayingOrigin = Object.assign(await fakeOrigin(), {
    payments: [] as PayingOrigin['payments'],
    bids: [] as PayingOrigin['bids'],
    luck: [] as Luck[],
    release() {
      for (const go of waiting) go();
      waiting = [];
    },
    keys: (path: string) => origin.to(path).map(({ headers }) => headers['idempotency-key']),
  });
  origin.on('GET /api/v1/openapi.json', { json: { openapi: '3.1.0', paths } });
  origin.on(
    `POST ${WITHDRAW}`,
    keyed(({ body, headers }) => {
      const { amount_usdc: amount } = body as { amount_usdc: number };
      const id = `wd_${origin.payments.length + 1}`;
      origin.payments.push({ id, amount, key: String(headers['idempotency-key']) });
      return {
        json: {
          withdrawal_id: id,
          amount_usdc: amount,
          address: 'w',
          status: 'completed',
          tx_signature: null,
          available_usdc: 1,
        },
      };
    }),
  );
  origin.on(
    `POST ${BID}`,
    keyed(({ body }) => {
      const { job_id, amount_usdc } = body as { job_id: string; amount_usdc: number };
      const id = `bid_${origin.bids.length + 1}`;
      for (const bid of origin.bids) if (bid.job_id === job_id) bid.status = 'cancelled';
      origin.bids.push({ id, job_id, amount_usdc, status: 'pending' });
      return { json: { status: 'pending', bid_id: id } };
    }),
  );
  origin.on('GET /api/v1/agents/bids', () => ({
    json: {
      bids: origin.bids.map((bid) => ({ ...bid, estimated_seconds: 60, created_at: new Date().toISOString() })),
      total: origin.bids.length,
    },
  }));
  origin.on('GET /api/v1/payouts/activity', () => ({
    json: {
      entries: origin.payments.map(({ id, amount }) => ({
        id,
        type: 'withdrawal',
        amount_usdc: amount,
        status: 'completed',
        created_at: new Date().toISOString(),
      })),
      next_cursor: null,
    },
  }));
  return origin;
}
