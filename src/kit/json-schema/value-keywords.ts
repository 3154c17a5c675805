/** Keywords that look at one value and none of its parts by a schema of their own. */
import { isFormatMet } from './formats.ts';
import { hasEqualItems, jsonEqual } from './json-equal.ts';
import { asArray, isObject } from './json-value.ts';
import type { Keyword } from './visit.ts';

const IS: Readonly<Record<string, (value: unknown) => boolean>> = {
  array: Array.isArray,
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isInteger,
  null: (value) => value === null,
  number: (value) => typeof value === 'number',
  object: isObject,
  string: (value) => typeof value === 'string',
};

export const valueKeywords: Readonly<Record<string, Keyword>> = {
  type(types, visit) {
    const named = Array.isArray(types) ? types : [types];
    if (!named.some((type) => IS[type]?.(visit.instance))) visit.fail();
  },
  enum(choices, visit) {
    if (!asArray(choices).some((choice) => jsonEqual(choice, visit.instance))) visit.fail();
  },
  const(wanted, visit) {
    if (!jsonEqual(wanted, visit.instance)) visit.fail();
  },

  minimum: compared((number, bound) => number >= bound),
  maximum: compared((number, bound) => number <= bound),
  exclusiveMinimum: compared((number, bound) => number > bound),
  exclusiveMaximum: compared((number, bound) => number < bound),
  multipleOf: compared(isMultiple),

  minLength: sized(codePoints, (size, bound) => size >= bound),
  maxLength: sized(codePoints, (size, bound) => size <= bound),
  minItems: sized(items, (size, bound) => size >= bound),
  maxItems: sized(items, (size, bound) => size <= bound),
  minProperties: sized(membersOf, (size, bound) => size >= bound),
  maxProperties: sized(membersOf, (size, bound) => size <= bound),

  pattern(pattern, visit) {
    const { instance } = visit;
    if (typeof instance === 'string' && !visit.rules.regExp(String(pattern)).test(instance)) visit.fail();
  },
  format(format, visit) {
    if (!isFormatMet(format, visit.instance)) visit.fail();
  },
  uniqueItems(wanted, visit) {
    if (wanted === true && hasEqualItems(asArray(visit.instance))) visit.fail();
  },
};

function compared(meets: (number: number, bound: number) => boolean): Keyword {
  return (bound, visit) => {
    if (typeof visit.instance === 'number' && typeof bound === 'number' && !meets(visit.instance, bound)) visit.fail();
  };
}

/** By division as in Python; where that overflows, by the remainder, which is exact for what the two numbers are. */
function isMultiple(number: number, divisor: number): boolean {
  if (Number.isInteger(divisor)) return number % divisor === 0;
  const quotient = number / divisor;
  return Number.isFinite(quotient) ? Number.isInteger(quotient) : number % divisor === 0;
}

/** @param sizeOf undefined for what the keyword is not about */
function sized(
  sizeOf: (value: unknown) => number | undefined,
  meets: (size: number, bound: number) => boolean,
): Keyword {
  return (bound, visit) => {
    const size = sizeOf(visit.instance);
    if (size !== undefined && typeof bound === 'number' && !meets(size, bound)) visit.fail();
  };
}

function codePoints(value: unknown): number | undefined {
  return typeof value === 'string' ? [...value].length : undefined;
}

function items(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}

function membersOf(value: unknown): number | undefined {
  return isObject(value) ? Object.keys(value).length : undefined;
}
