import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { eitherSignal } from '#kit/either-signal.ts';

const pair = () => [new AbortController(), new AbortController()] as const;

it.each([0, 1] as const)('aborts with the reason of signal %i', (which) => {
  const both = pair();
  const { signal } = eitherSignal(both[0].signal, both[1].signal);
  expect(signal.aborted).toBe(false);
  both[which].abort(new Error('enough'));
  expect(signal.reason).toEqual(new Error('enough'));
  both[1 - which]!.abort(new Error('later'));
  expect(signal.reason).toEqual(new Error('enough'));
});

it('is aborted from the start where one of them is', () => {
  const [first, second] = pair();
  second.abort('before');
  expect(eitherSignal(first.signal, second.signal).signal.reason).toBe('before');
});

it('leaves nothing behind at the signals it followed', () => {
  const [first, second] = pair();
  const left = () => [first, second].flatMap(({ signal }) => getEventListeners(signal, 'abort')).length;
  const { signal, release } = eitherSignal(first.signal, second.signal);
  expect(left()).toBe(2);
  release();
  expect(left()).toBe(0);
  first.abort();
  expect(signal.aborted).toBe(false);
  const [third] = pair();
  eitherSignal(third.signal, second.signal);
  third.abort();
  expect(left()).toBe(0);
});
