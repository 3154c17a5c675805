import { expect, test } from 'vitest';
import { type Call, decide, epochIn } from '#client/journal/decide.ts';
import type { Generation, OutRecord, Slot } from '#client/journal/records.ts';
import { ruleFor } from '#client/journal/rules.ts';
import { operationById } from '#contract/operations/registry.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const MINUTE = 60_000;

interface Entry {
  readonly op?: string;
  readonly fp?: string;
  readonly epoch?: string;
  readonly out?: 'done' | 'rejected';
  readonly id?: string;
  readonly seen?: boolean;
  readonly ageMs?: number;
  readonly code?: string;
  readonly retried?: boolean;
}

function slotOf(...entries: Entry[]): Slot {
  const generations = entries.map((entry, gen): Generation => {
    const { op = 'place_bid', fp = 'A', epoch = '', out, id, seen = false, ageMs = MINUTE, code, retried } = entry;
    const at = new Date(NOW - ageMs).toISOString();
    const record: OutRecord | undefined = out && {
      v: 1,
      outcome: out,
      data: retried === undefined ? {} : { retried },
      ...(id === undefined ? {} : { result_id: id }),
      at,
      replayed: false,
      attempts: 1,
      by: 'wire',
      ...(code === undefined ? {} : { error: { code, message: '', fix: '' } }),
    };
    const intent = { v: 1, op, slot: 's', gen, fp, key: `k${gen}`, target: '/', epoch, keyed: true } as const;
    return { gen, intent: { ...intent, created_at: at, pid: 1, host: 'h' }, ...(record && { out: record }), seen };
  });
  return { generations, next: generations.length };
}

function call(op: string, fields: Partial<Call> = {}): Call {
  const operation = operationById(op)!;
  return {
    operation: op,
    idempotency: operation.idempotency,
    fp: 'A',
    epoch: '',
    explicit: false,
    rule: ruleFor(operation),
    ...fields,
  };
}

const bid = call('place_bid');
const withdraw = call('withdraw');
const paid = (fields: Entry = {}): Entry => ({ op: 'withdraw', out: 'done', id: 'wd_1', ...fields });

test.each<[string, Slot, Call, object]>([
  ['an empty slot', slotOf(), bid, { kind: 'start', gen: 0 }],
  ['an equal one without an outcome', slotOf({}), bid, { kind: 'resume', of: { gen: 0 } }],
  [
    'an equal payment whose outcome a power cut took, behind a newer one',
    slotOf({ op: 'withdraw' }, paid({ fp: 'B', id: 'wd_2', seen: true })),
    withdraw,
    { kind: 'resume', of: { gen: 0 } },
  ],
  [
    'an equal bid without an outcome, behind a newer one',
    slotOf({}, { fp: 'B', out: 'done', seen: true }),
    bid,
    { kind: 'start', gen: 2 },
  ],
  ['another one without an outcome', slotOf({ fp: 'B' }), bid, { kind: 'settle_first', of: { gen: 0 } }],
  ['another operation without an outcome', slotOf({ op: 'cancel_bid' }), bid, { kind: 'settle_first' }],
  ['an equal one of another epoch without an outcome', slotOf({ epoch: '1' }), bid, { kind: 'resume' }],
  [
    'an equal one whose answer was not seen',
    slotOf({ out: 'done' }),
    bid,
    { kind: 'repeat_answer', check: 'not_gone' },
  ],
  [
    'an equal one that was seen',
    slotOf({ out: 'done', seen: true }),
    bid,
    { kind: 'repeat_answer', check: 'not_gone' },
  ],
  ['an equal one of another epoch', slotOf({ out: 'done', epoch: '1' }), bid, { kind: 'start', gen: 1 }],
  ['other arguments, settled', slotOf({ out: 'done', fp: 'B', seen: true }), bid, { kind: 'start', gen: 1 }],
  ['other arguments, settled, not seen', slotOf({ out: 'done', fp: 'B' }), bid, { kind: 'tell_first', of: { gen: 0 } }],
  [
    'other arguments, settled, just on its way out',
    slotOf({ out: 'done', fp: 'B' }),
    call('place_bid', { handedOver: new Set(['k0']) }),
    { kind: 'start', gen: 1 },
  ],
  ['an equal one that was refused', slotOf({ out: 'rejected' }), bid, { kind: 'start', gen: 1 }],
  [
    'a bid that stands, after another one was refused',
    slotOf({ out: 'done', seen: true }, { fp: 'B', out: 'rejected' }),
    bid,
    { kind: 'repeat_answer', of: { gen: 0 }, check: 'not_gone' },
  ],
  [
    'a bid, taken back',
    slotOf({ out: 'done' }, { op: 'cancel_bid', fp: 'C', out: 'done', seen: true }),
    bid,
    { kind: 'start', gen: 2 },
  ],
  [
    'the same natural one, seen',
    slotOf({ op: 'cancel_bid', out: 'done', seen: true }),
    call('cancel_bid'),
    { kind: 'repeat_answer', check: 'holds' },
  ],
  [
    'the same natural one, not seen',
    slotOf({ op: 'cancel_bid', out: 'done' }),
    call('cancel_bid'),
    { kind: 'repeat_answer', check: 'not_gone' },
  ],
  ['money, not seen', slotOf(paid()), withdraw, { kind: 'repeat_answer', of: { gen: 0 }, check: 'none' }],
  ['money, not seen for days', slotOf(paid({ ageMs: 9e8 })), withdraw, { kind: 'repeat_answer', of: { gen: 0 } }],
  ['money, seen a minute ago', slotOf(paid({ seen: true })), withdraw, { kind: 'duplicate', of: { gen: 0 } }],
  ['money, seen long ago', slotOf(paid({ seen: true, ageMs: 11 * MINUTE })), withdraw, { kind: 'start', gen: 1 }],
  ['money, clock set back', slotOf(paid({ seen: true, ageMs: -9e8 })), withdraw, { kind: 'duplicate' }],
  [
    'money, repeated on purpose',
    slotOf(paid({ seen: true })),
    call('withdraw', { after: 'wd_1' }),
    { kind: 'start', gen: 1 },
  ],
  [
    'money, repeated on purpose, mark of the first lost',
    slotOf(paid()),
    call('withdraw', { after: 'wd_1' }),
    { kind: 'start', gen: 1 },
  ],
  [
    'money, the repeat of a repeat whose answer was lost',
    slotOf(paid({ seen: true }), paid({ id: 'wd_2' })),
    call('withdraw', { after: 'wd_1' }),
    { kind: 'repeat_answer', of: { gen: 1 } },
  ],
  [
    'money, the same, but the answer left for the host',
    slotOf(paid({ seen: true }), paid({ id: 'wd_2', seen: true, ageMs: 9e8 })),
    call('withdraw', { after: 'wd_1' }),
    { kind: 'duplicate', of: { gen: 1 } },
  ],
  [
    'money, another amount in between, the first one not seen',
    slotOf(paid(), paid({ fp: 'B', id: 'wd_2', seen: true })),
    withdraw,
    { kind: 'repeat_answer', of: { gen: 0 } },
  ],
  [
    'money, another amount in between, without an outcome',
    slotOf(paid(), paid({ fp: 'B' }), { op: 'withdraw', fp: 'B' }),
    withdraw,
    { kind: 'settle_first', of: { gen: 2 } },
  ],
  ['money, refused', slotOf(paid({ out: 'rejected' })), withdraw, { kind: 'start', gen: 1 }],
  [
    'keys rotated an hour ago',
    slotOf(paid({ op: 'rotate_keys', seen: true, ageMs: 60 * MINUTE })),
    call('rotate_keys'),
    { kind: 'duplicate' },
  ],
  [
    'a verdict that was not seen',
    slotOf({ op: 'deliver_test_result', out: 'rejected', code: 'schema_violation' }),
    call('deliver_test_result'),
    { kind: 'repeat_answer', check: 'none' },
  ],
  [
    'a verdict that was seen, on an attempt without a number',
    slotOf({ op: 'deliver_test_result', out: 'rejected', code: 'schema_violation', seen: true }),
    call('deliver_test_result'),
    { kind: 'start', gen: 1 },
  ],
  [
    'a verdict that was seen, on the same attempt',
    slotOf({ op: 'deliver_test_result', out: 'rejected', code: 'schema_violation', seen: true, epoch: '1' }),
    call('deliver_test_result', { epoch: '1' }),
    { kind: 'repeat_answer', check: 'none' },
  ],
  [
    'a verdict of the attempt before',
    slotOf({ op: 'deliver_test_result', out: 'rejected', code: 'schema_violation', epoch: '1' }),
    call('deliver_test_result', { epoch: '2' }),
    { kind: 'start', gen: 1 },
  ],
  [
    'a submission, the test opened again',
    slotOf({ op: 'deliver_test_result', out: 'done' }, { op: 'retry_test_job', fp: 'R', out: 'done', seen: true }),
    call('deliver_test_result'),
    { kind: 'start', gen: 2 },
  ],
  [
    'a retry whose own effect moved the epoch',
    slotOf({ op: 'retry_test_job', out: 'done', epoch: '1' }),
    call('retry_test_job', { epoch: '2' }),
    { kind: 'repeat_answer', check: 'not_gone' },
  ],
  [
    'changes requested of the same delivery, not seen',
    slotOf({ op: 'request_changes', out: 'done', epoch: '0.0' }),
    call('request_changes', { epoch: '0.0' }),
    { kind: 'repeat_answer', check: 'not_gone' },
  ],
  [
    'changes requested, not seen, and delivered anew since',
    slotOf({ op: 'request_changes', out: 'done', epoch: '0.0' }),
    call('request_changes', { epoch: '0.1' }),
    { kind: 'tell_first', of: { gen: 0 } },
  ],
  [
    'changes requested, just on the way out, and delivered anew since',
    slotOf({ op: 'request_changes', out: 'done', epoch: '0.0' }),
    call('request_changes', { epoch: '0.1', handedOver: new Set(['k0']) }),
    { kind: 'start', gen: 1 },
  ],
  [
    'the same changes requested of the next revision',
    slotOf({ op: 'request_changes', out: 'done', epoch: '0.0', seen: true }),
    call('request_changes', { epoch: '0.1' }),
    { kind: 'start', gen: 1 },
  ],
  [
    "a caller's own key, settled",
    slotOf(paid({ seen: true, ageMs: 9e8 })),
    call('withdraw', { explicit: true }),
    { kind: 'repeat_answer', check: 'none' },
  ],
  [
    "a caller's own key, used for something else",
    slotOf(paid({ fp: 'B' })),
    call('withdraw', { explicit: true }),
    { kind: 'key_reused' },
  ],
])('%s', (_, slot, wanted, plan) => {
  expect(decide(slot, wanted, NOW)).toMatchObject(plan);
});

test.each([
  ['a retry moved on', [{ op: 'retry_test_job', out: 'done', epoch: '2' }], '2', '3'],
  ['a retry found nothing to retry', [{ op: 'retry_test_job', out: 'done', epoch: '2', retried: false }], '2', '2'],
  [
    'a retry whose first answer was lost found nothing to retry any more',
    [
      { op: 'deliver_test_result', out: 'rejected', code: 'schema_violation', epoch: '2' },
      { op: 'retry_test_job', out: 'done', epoch: '2', retried: false },
    ],
    '2',
    '3',
  ],
  [
    'a second retry before anything was handed in',
    [
      { op: 'deliver_test_result', out: 'rejected', code: 'schema_violation', epoch: '2' },
      { op: 'retry_test_job', out: 'done', epoch: '2', retried: true },
      { op: 'retry_test_job', out: 'done', epoch: '3', retried: false },
    ],
    '2',
    '3',
  ],
  ['a retry without an outcome', [{ op: 'retry_test_job', epoch: '2' }], '2', '2'],
  ['another process was further', [{ op: 'deliver_test_result', out: 'rejected', epoch: '4' }], '2', '4'],
  ['the caller knows best', [{ op: 'retry_test_job', out: 'done', epoch: '2' }], '5', '5'],
  ['nobody counts', [{ op: 'retry_test_job', out: 'done', epoch: '2' }], '', ''],
] as const)('the attempt a submission belongs to: %s', (_, entries, epoch, expected) => {
  expect(epochIn(slotOf(...entries), { rule: ruleFor({ id: 'deliver_test_result' }), epoch })).toBe(expected);
});

test('what no longer holds does not count', () => {
  const slot = slotOf({ out: 'done', seen: true });
  expect(decide(slot, bid, NOW, 0)).toEqual({ kind: 'start', gen: 1 });
});
