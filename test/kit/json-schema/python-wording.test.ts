import { describe, expect, test } from 'vitest';
import { messageFor } from '#kit/json-schema/python-wording.ts';
import { validateJson } from '#kit/json-schema/validate.ts';
import { WORDING_TABLE } from './wording-table.ts';

describe("violations read as Python's jsonschema words them", () => {
  test.each(WORDING_TABLE)('%j refuses %j', (schema, instance, path, validator, message) => {
    expect(validateJson(schema, instance)).toMatchObject({ path, validator, message });
  });

  test('format', () => {
    expect(validateJson({ format: 'email' }, "it's")).toMatchObject({ message: `"it's" is not a 'email'` });
    expect(validateJson({ format: 'date-time' }, 'soon')).toMatchObject({ message: "'soon' is not a 'date-time'" });
  });

  test('a keyword without a wording still gets a sentence', () => {
    const broken = { value: 1, instance: 'a', schema: {}, params: {}, extras: [] };
    expect(messageFor('constructor', broken)).toBe("'a' does not satisfy 'constructor'");
  });
});
