import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitiseText } from '#kit/text-sanitise.ts';

describe('sanitiseText', () => {
  it.each([
    ['colours', 'a\u001b[31;1mred\u001b[0mb', 'aredb'],
    ['a window title', 'a\u001b]0;evil\u0007b', 'ab'],
    ['a hyperlink', '\u001b]8;;http://evil\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['an 8-bit escape', 'a\u009b2Jb', 'ab'],
    ['an escape without an end', 'a\u001b[', 'a'],
    ['bell, backspace and DEL', 'a\u0007\u0008\u007fb', 'ab'],
    ['direction overrides and isolates', 'a\u202eb\u2066c\u2069\u200fd', 'abcd'],
    ['zero-width characters', 'a\u200bb\u200cc\u200dd\u2060e\ufefff', 'abcdef'],
    ['the tag alphabet', 'a\u{e0049}\u{e0047}\u{e007f}b', 'ab'],
    ['variation selectors as an alphabet', 'a\ufe00\u{e0100}\u{e01ef}b', 'ab'],
    ['a lone surrogate', 'a\ud800b', 'a\ufffdb'],
  ])('takes out %s', (_what, raw, text) => {
    expect(sanitiseText(raw).text).toBe(text);
  });

  it.each([
    'plain text',
    'tab\tand\nnewline',
    'naïve façade — 日本語 العربية עברית',
    'heart ❤️ and 👍🏽',
    'if (a < b && c > d) { return "x"; }',
  ])('leaves what can be seen as it is: %j', (text) => {
    expect(sanitiseText(text)).toEqual({ text, removed: 0 });
  });

  it('turns Windows line ends into newlines without counting them', () => {
    expect(sanitiseText('a\r\nb\rc')).toEqual({ text: 'a\nb\nc', removed: 0 });
  });

  it('is done after one pass, counts what it took, and never adds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        const { text, removed } = sanitiseText(raw);
        expect(text.length + removed).toBeLessThanOrEqual(raw.length);
        expect(sanitiseText(text).removed).toBe(0);
      }),
    );
  });
});
