/** Measurements to convert. The factors are the exact definitions of the units. */
import { z } from 'zod';
import { closeTo, compareById } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { colours } from '../../vocabulary.ts';

type Measurement = { id: string; value: number; from: string; to: string };
type Parameters = { measurements: Measurement[] };

/** One unit of `imperial` in units of `metric`. */
const factors = [
  { imperial: 'mile', metric: 'kilometre', factor: 1.609344 },
  { imperial: 'inch', metric: 'centimetre', factor: 2.54 },
  { imperial: 'foot', metric: 'metre', factor: 0.3048 },
  { imperial: 'pound', metric: 'kilogram', factor: 0.45359237 },
  { imperial: 'US gallon', metric: 'litre', factor: 3.785411784 },
  { imperial: 'knot', metric: 'kilometre per hour', factor: 1.852 },
  { imperial: 'acre', metric: 'hectare', factor: 0.40468564224 },
] as const;

function convert({ value, from, to }: Measurement): number {
  if (from === 'degree Fahrenheit') return ((value - 32) * 5) / 9;
  if (from === 'degree Celsius') return (value * 9) / 5 + 32;
  const down = factors.find(({ imperial, metric }) => imperial === from && metric === to);
  const up = factors.find(({ imperial, metric }) => metric === from && imperial === to);
  return down ? value * down.factor : up ? value / up.factor : Number.NaN;
}

export const unitConversion = defineTagTest({
  tag: 'unit-conversion',
  answer: (_parameters: Parameters) =>
    z.object({
      conversions: z
        .array(
          z.object({
            measurement_id: z.string().max(100).describe('Id of the measurement'),
            converted: z.number().describe('Its value in the target unit, two decimals'),
          }),
        )
        .min(1)
        .max(50)
        .describe('One entry per measurement, in any order'),
    }),
  generate(rng) {
    const units: [string, string][] = [
      ...rng
        .shuffle(factors)
        .slice(0, 4)
        .map(({ imperial, metric }): [string, string] => [imperial, metric]),
      ['degree Fahrenheit', 'degree Celsius'],
    ];
    return {
      description:
        'Convert every measurement into the target unit, rounded to two decimals. Inches, feet, miles, pounds and acres are the ' +
        'international ones; temperatures are points on the scale, not differences.',
      parameters: {
        measurements: rng.shuffle(units).map(([one, other], index) => {
          const [from, to] = rng.next() < 0.5 ? [one, other] : [other, one];
          return { id: `${rng.pick(colours)}-${index}${rng.int(10, 99)}`, value: rng.int(11, 4000) / 10, from, to };
        }),
      },
    };
  },
  check: (answer, { measurements }) =>
    compareById({
      expected: measurements.map((entry) => ({ measurement_id: entry.id, converted: convert(entry) })),
      actual: answer.conversions,
      id: (entry) => entry.measurement_id,
      noun: 'conversion',
      wrongField: (truth, given) => (closeTo(given.converted, truth.converted, 0.01) ? null : 'converted'),
      hint: 'Check the direction of the conversion, use the full factor, and round only at the end.',
    }),
  solve: ({ measurements }) => ({
    conversions: measurements.map((entry) => ({
      measurement_id: entry.id,
      converted: Math.round(convert(entry) * 100) / 100,
    })),
  }),
});
