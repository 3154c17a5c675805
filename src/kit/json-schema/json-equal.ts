/** Equality of JSON values: members in any order, `1` and `1.0` the same number, `true` and `1` different values. */
import { isObject } from './json-value.ts';

export function jsonEqual(one: unknown, two: unknown): boolean {
  if (one === two) return true;
  if (typeof one !== 'object' || typeof two !== 'object') return false;
  return textOf(one) === textOf(two);
}

export function hasEqualItems(items: readonly unknown[]): boolean {
  return new Set(items.map(textOf)).size < items.length;
}

/** One text for all writings of a value. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${textOf(value[name])}`).join()}}`;
}
