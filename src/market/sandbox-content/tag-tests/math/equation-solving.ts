/** Systems of two linear equations, made backwards from whole-number solutions. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { closeTo, compareById } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { colours } from '../../vocabulary.ts';

type System = { id: string; equations: string[] };
type Parameters = { systems: System[] };

function drawSystem(rng: Rng, index: number): System {
  const [x, y] = [rng.int(-12, 12), rng.int(-12, 12)];
  const [a, b, c] = [rng.int(2, 9), rng.int(2, 9), rng.int(2, 9)];
  // A coefficient of the other sign keeps the determinant away from zero.
  const d = -rng.int(2, 9);
  return {
    id: `${rng.pick(colours)}-${index}${rng.int(10, 99)}`,
    equations: [`${a}x + ${b}y = ${a * x + b * y}`, `${c}x - ${-d}y = ${c * x + d * y}`],
  };
}

function solveSystem({ equations }: System): { x: number; y: number } {
  const [first, second] = equations.map((equation) => {
    const [, x = '', sign = '', y = '', right = ''] = /^(\d+)x ([+-]) (\d+)y = (-?\d+)$/.exec(equation) ?? [];
    return { x: Number(x), y: Number(`${sign}${y}`), right: Number(right) };
  });
  if (!first || !second) return { x: Number.NaN, y: Number.NaN };
  const determinant = first.x * second.y - second.x * first.y;
  return {
    x: (first.right * second.y - second.right * first.y) / determinant,
    y: (first.x * second.right - second.x * first.right) / determinant,
  };
}

export const equationSolving = defineTagTest({
  tag: 'equation-solving',
  answer: (_parameters: Parameters) =>
    z.object({
      solutions: z
        .array(
          z.object({
            system_id: z.string().max(100).describe('Id of the system'),
            x: z.number().describe('Value of x'),
            y: z.number().describe('Value of y'),
          }),
        )
        .min(1)
        .max(20)
        .describe('One entry per system, in any order'),
    }),
  generate: (rng) => ({
    description: 'Solve each system of two linear equations for x and y. Every system has exactly one solution.',
    parameters: { systems: Array.from({ length: 3 }, (_, index) => drawSystem(rng, index)) },
  }),
  check: (answer, { systems }) =>
    compareById({
      expected: systems.map((system) => ({ system_id: system.id, ...solveSystem(system) })),
      actual: answer.solutions,
      id: (entry) => entry.system_id,
      noun: 'solution',
      wrongField: (truth, given) =>
        !closeTo(given.x, truth.x, 1e-6) ? 'x' : !closeTo(given.y, truth.y, 1e-6) ? 'y' : null,
      hint: 'Eliminate one unknown, then put the values into both equations to see whether they hold.',
    }),
  solve: ({ systems }) => ({
    // Adding zero turns -0, which JSON would not keep, into 0.
    solutions: systems.map((system) => {
      const { x, y } = solveSystem(system);
      return { system_id: system.id, x: x + 0, y: y + 0 };
    }),
  }),
});
