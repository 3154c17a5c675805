import { expect, test } from 'vitest';
import { byCodePoint, pythonRepr } from '#kit/json-schema/python-repr.ts';

// Each right-hand side is what `repr(json.loads(...))` prints in Python 3.
test.each<[unknown, string]>([
  [null, 'None'],
  [true, 'True'],
  [false, 'False'],
  ['', "''"],
  ['plain', "'plain'"],
  ["it's", '"it\'s"'],
  ['say "hi"', '\'say "hi"\''],
  ['it\'s "both"', "'it\\'s \"both\"'"],
  ['back\\slash', "'back\\\\slash'"],
  ['line\nfeed\ttab\rreturn', "'line\\nfeed\\ttab\\rreturn'"],
  ['\u0000\u001f\u007f\u0085', "'\\x00\\x1f\\x7f\\x85'"],
  ['é 漢 😀', "'é 漢 😀'"],
  ['\u00a0\u00ad\u200b\u2028\ufeff', "'\\xa0\\xad\\u200b\\u2028\\ufeff'"],
  ['\ud800', "'\\ud800'"],
  ['\u{e0001}', "'\\U000e0001'"],
  [0, '0'],
  [-3, '-3'],
  [0.1, '0.1'],
  [-2.5, '-2.5'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [0.000012345, '1.2345e-05'],
  [-1.5e-7, '-1.5e-07'],
  [5e-324, '5e-324'],
  [1e-10, '1e-10'],
  [1e22, '1e+22'],
  [1.5e300, '1.5e+300'],
  [123456789012, '123456789012'],
  [[], '[]'],
  [{}, '{}'],
  [[1, ['a', null], {}], "[1, ['a', None], {}]"],
  [{ a: { "b's": [true] }, c: 1 }, `{'a': {"b's": [True]}, 'c': 1}`],
])('%j is printed as Python prints it', (value, expected) => {
  expect(pythonRepr(value)).toBe(expected);
});

test('strings are sorted by code point, as Python sorts them, not by UTF-16 unit', () => {
  expect(['😀', '\uff5e', 'b', 'a'].sort(byCodePoint)).toEqual(['a', 'b', '\uff5e', '😀']);
});
