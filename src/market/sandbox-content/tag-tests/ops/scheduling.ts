/** The earliest slot in which everybody and a big enough room are free. Times are minutes since midnight inside. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { colours, givenNames } from '../../vocabulary.ts';

type Span = { from: string; to: string };
type Parameters = {
  date: string;
  working_hours: Span;
  duration_minutes: number;
  people: { name: string; busy: Span[] }[];
  rooms: { name: string; seats: number; busy: Span[] }[];
};
type Slot = { start: string; end: string; room: string };

const OPEN = 9 * 60;
const CLOSE = 17 * 60;
const STEP = 15;

function clockTime(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

function minutesOf(time: string): number {
  const [hours = '', minutes = ''] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

function drawBusy(rng: Rng, count: number): Span[] {
  return Array.from({ length: count }, () => {
    const from = OPEN + rng.int(0, 26) * STEP;
    return { from, to: Math.min(from + rng.int(2, 6) * STEP, CLOSE) };
  })
    .sort((a, b) => a.from - b.from)
    .map(({ from, to }) => ({ from: clockTime(from), to: clockTime(to) }));
}

function drawDay(rng: Rng): Parameters {
  const count = rng.int(3, 4);
  const names = rng.shuffle(givenNames);
  const shades = rng.shuffle(colours);
  return {
    date: `2025-${String(rng.int(1, 12)).padStart(2, '0')}-${String(rng.int(1, 28)).padStart(2, '0')}`,
    working_hours: { from: clockTime(OPEN), to: clockTime(CLOSE) },
    duration_minutes: rng.pick([30, 45, 60]),
    people: Array.from({ length: count }, (_, index) => ({ name: names[index] ?? '', busy: drawBusy(rng, 2) })),
    rooms: [count - 1, count, count + 4].map((seats, index) => ({
      name: `${shades[index]} room`,
      seats,
      busy: drawBusy(rng, 2),
    })),
  };
}

function findSlot({ date, duration_minutes, people, rooms }: Parameters): Slot | null {
  for (let start = OPEN; start + duration_minutes <= CLOSE; start += STEP) {
    const end = start + duration_minutes;
    const free = (busy: readonly Span[]) =>
      busy.every((span) => end <= minutesOf(span.from) || start >= minutesOf(span.to));
    const room = rooms.find((candidate) => candidate.seats >= people.length && free(candidate.busy));
    if (room && people.every((person) => free(person.busy))) {
      return { start: `${date}T${clockTime(start)}`, end: `${date}T${clockTime(end)}`, room: room.name };
    }
  }
  return null;
}

export const scheduling = defineTagTest({
  tag: 'scheduling',
  answer: (_parameters: Parameters) =>
    z.object({
      start: z.string().max(40).describe('YYYY-MM-DDTHH:MM'),
      end: z.string().max(40).describe('YYYY-MM-DDTHH:MM'),
      room: z.string().max(100).describe('Name of the room'),
    }),
  generate(rng) {
    let day = drawDay(rng);
    // A full day is rare; another draw settles it.
    while (findSlot(day) === null) day = drawDay(rng);
    return {
      description:
        'Find the earliest meeting on the date within working hours that starts at a full quarter of an hour, lasts ' +
        'duration_minutes, suits all people, and has a free room with a seat for each of them. When several rooms are free, take ' +
        'the first listed. A busy span does not include its end: a meeting may start when it ends.',
      parameters: day,
    };
  },
  check(answer, parameters) {
    const slot = findSlot(parameters);
    const hint = 'Try the quarters of an hour one after another, and check people first, then seats, then rooms.';
    if (answer.start.slice(0, 16) !== slot?.start) {
      return failure('start', 'That is not the earliest start that suits everybody and a room.', hint);
    }
    if (answer.end.slice(0, 16) !== slot.end) {
      return failure('end', 'The end does not fit start and duration.', 'Add duration_minutes to the start.');
    }
    return answer.room === slot.room ? null : failure('room', 'That is not the first suitable room.', hint);
  },
  solve: (parameters) => findSlot(parameters) ?? { start: '', end: '', room: '' },
});
