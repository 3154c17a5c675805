import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, MAX_PATTERN_LENGTH, PatternError } from '../../../src/market/sandbox-content/safe-pattern.ts';

const atom = fc.constantFrom('a', 'b', '0', '.', '\\d', '\\w', '[ab]', '[^a]', '[a-c0-4]', '\\.', '[-a]', '[a-]', '-');
const quantifier = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{0,3}', '{1,}', '*?', '+?');
const { pattern } = fc.letrec<{ pattern: string; branch: string; piece: string; group: string }>((tie) => ({
  pattern: fc.array(tie('branch'), { minLength: 1, maxLength: 2 }).map((branches) => branches.join('|')),
  branch: fc.array(tie('piece'), { maxLength: 3 }).map((pieces) => pieces.join('')),
  piece: fc.tuple(fc.oneof({ maxDepth: 3 }, atom, tie('group')), quantifier).map(([body, times]) => body + times),
  group: fc
    .tuple(fc.constantFrom('(', '(?:', '(?=', '(?!'), tie('pattern'))
    .map(([open, body]) => (open === '(?=' || open === '(?!' ? `(?:${open}${body}))` : `${open}${body})`)),
}));

describe('compilePattern', () => {
  it('agrees with RegExp on every pattern both understand', () => {
    fc.assert(
      fc.property(
        pattern,
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', '0', '-', '.'), maxLength: 6 }),
        (source, text) => {
          fc.pre(source.length <= 60);
          expect(compilePattern(source)(text)).toBe(new RegExp(`^(?:${source})$`).test(text));
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('matches whole strings, with or without anchors', () => {
    expect(compilePattern('[A-Z]{2}-\\d+')('QX-17')).toBe(true);
    expect(compilePattern('^[A-Z]{2}-\\d+$')('QX-17')).toBe(true);
    expect(compilePattern('[A-Z]{2}-\\d+')(' QX-17')).toBe(false);
    expect(compilePattern('(?<region>north|south)/\\d{2,3}')('south/123')).toBe(true);
    expect(compilePattern('(?!000)\\d{3}')('000')).toBe(false);
  });

  it('comes to an end on patterns made to hang a backtracking matcher', () => {
    const text = `${'a'.repeat(63)}!`;
    for (const hostile of [
      '(a+)+$',
      '(a|a)*$',
      '(a|aa)+$',
      '((((((((a*)*)*)*)*)*)*)*)*b',
      '(.*a){20}b',
      `${'.*'.repeat(78)}b`,
      `${'('.repeat(24)}a*${'){32}'.repeat(24)}b`,
      `${'(a?){32}'.repeat(15)}b`,
      `${'(a|aa){32}'.repeat(15)}b`,
      `${'('.repeat(50)}a*${')*'.repeat(50)}b`,
    ]) {
      expect(compilePattern(hostile)(text)).toBe(false);
    }
  });

  it('names what it does not understand', () => {
    for (const [source, complaint] of [
      ['(a', 'unclosed'],
      ['a)', 'unmatched'],
      ['[a', 'unclosed'],
      ['*a', 'nothing to repeat'],
      ['a**', 'nothing to repeat'],
      ['(?<=a)b', 'unsupported group'],
      ['(a)\\1', 'unsupported escape'],
      ['\\p{Lu}', 'unsupported escape'],
      ['a{5,2}', 'minimum exceeds'],
      ['a{500}', 'above'],
      ['a{40,}', 'above'],
      ['[z-a]', 'out of order'],
      ['a'.repeat(MAX_PATTERN_LENGTH + 1), 'longer than'],
    ] as const) {
      expect(() => compilePattern(source), source).toThrow(PatternError);
      expect(() => compilePattern(source), source).toThrow(complaint);
    }
  });

  it('throws nothing but PatternError', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab()[]{}|\\*+?^$.,-:=!<>19'), maxLength: 40 }), (source) => {
        try {
          compilePattern(source)('ab-19');
        } catch (error) {
          expect(error).toBeInstanceOf(PatternError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
