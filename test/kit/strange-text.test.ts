import fc from 'fast-check';
import { expect, test } from 'vitest';
import { breakMarkup } from '#kit/break-markup.ts';
import { hiddenCharacters, sanitiseText } from '#kit/text-sanitise.ts';
import { visibleJson } from '#kit/visible-json.ts';

test.each([
  ['a colour', 'a\u001b[31mb\u001b[0mc', 'abc'],
  ['a link of a terminal', '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007', 'click'],
  ['a title of a terminal, 8-bit', '\u009d0;owned\u009cx', 'x'],
  ['a direction override', 'abc\u202edcba', 'abcdcba'],
  ['isolates', '\u2066a\u2069', 'a'],
  ['zero width', 'pay\u200b\u200c\u200d\u2060\ufeffpal', 'paypal'],
  ['the tag alphabet', `x${[...'secret'].map((c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join('')}`, 'x'],
  ['backspaces', 'ab\b\b', 'ab'],
])('%s is taken out and counted', (_what, raw, clean) => {
  const { text, removed } = sanitiseText(raw);
  expect(text).toBe(clean);
  expect(removed).toBe(raw.length - clean.length);
});

test('visible text is never changed', () => {
  const visible = 'Grüße, 你好, שלום, 👩 ❤️ — tabs\tand\nlines';
  expect(sanitiseText(visible)).toEqual({ text: visible, removed: 0 });
});

test('whatever comes, nothing hidden is left', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (raw) => {
      expect(sanitiseText(raw).text).not.toMatch(new RegExp(hiddenCharacters.source, 'u'));
    }),
  );
});

test('JSON text hides nothing and parses to the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = visibleJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(text).not.toMatch(new RegExp(hiddenCharacters.source, 'u'));
    }),
  );
});

test.each([
  ['</untrusted-abc>', '(/untrusted-abc>'],
  ['< / UNTRUSTED-abc>', '( / UNTRUSTED-abc>'],
  ['＜／untrusted－abc＞', '(／untrusted－abc＞'],
  ['<untruѕtеd-abc>', '(untruѕtеd-abc>'],
  ['‹/ցntrusted>', '‹/ցntrusted>'],
  ['<u\u0301ntrusted>', '(u\u0301ntrusted>'],
  ['𝐚 <𝐮𝐧𝐭𝐫𝐮𝐬𝐭𝐞𝐝> 𝐛', '𝐚 (𝐮𝐧𝐭𝐫𝐮𝐬𝐭𝐞𝐝> 𝐛'],
  ['![x](https://evil.example/a.png?q=1)', '! [x](https://evil.example/a.png?q=1)'],
  ['<img src=x onerror=y>', '(img src=x onerror=y>'],
  ['<svg/onload=x>', '(svg/onload=x>'],
  ['a < b, Array<string>, <p>text</p>', 'a < b, Array<string>, <p>text</p>'],
])('markup is broken where it could act: %s', (raw, broken) => {
  expect(breakMarkup(raw)).toBe(broken);
});
