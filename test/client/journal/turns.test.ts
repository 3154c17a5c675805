import { expect, test } from 'vitest';
import { createTurns } from '#client/journal/turns.ts';

test('one at a time per name, in order, and nobody waits for another name', async () => {
  const turns = createTurns();
  const seen: string[] = [];
  const leave = await turns.enter('a');
  const second = turns.enter('a').then((leaveSecond) => {
    seen.push('second');
    leaveSecond();
  });
  const third = turns.enter('a').then(() => seen.push('third'));
  (await turns.enter('b'))();
  expect(seen).toEqual([]);
  leave();
  await Promise.all([second, third]);
  expect(seen).toEqual(['second', 'third']);
});
