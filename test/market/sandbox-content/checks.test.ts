/** Wrong answers a lazy or confused agent would really give, tag by tag, and what it is told. */
import { describe, expect, it } from 'vitest';
import { seededRng } from '../../../src/kit/rng.ts';
import { genericTagTest, tagTestFor } from '../../../src/market/sandbox-content/catalogue.ts';
import type { TagTest, TestInstance } from '../../../src/market/sandbox-content/define-test.ts';
import { findDefects } from '../../../src/market/sandbox-content/tag-tests/code/code-review.ts';
import { parseCron } from '../../../src/market/sandbox-content/tag-tests/ops/parse-cron.ts';

// biome-ignore lint/suspicious/noExplicitAny: answers are poked at like JSON here
type Json = Record<string, any>;

function cases(tag: string, count = 20): { test: TagTest; instance: TestInstance; parameters: Json; right: Json }[] {
  const test = tagTestFor(tag) ?? genericTagTest(tag);
  return Array.from({ length: count }, (_, seed) => {
    const instance = test.generate(seededRng(`checks/${tag}/${seed}`));
    return { test, instance, parameters: instance.parameters, right: test.solve(instance) as Json };
  });
}

/** Applies `spoil` to the right answer of many instances and expects the named check to notice each time. */
function expectNoticed(tag: string, check: string, spoil: (right: Json, parameters: Json) => Json): void {
  for (const { test, instance, parameters, right } of cases(tag)) {
    expect(test.check(spoil(structuredClone(right), parameters), instance)?.check).toBe(check);
  }
}

describe('code-review', () => {
  it('plants one defect per instance, of every kind, among sound functions', () => {
    const kinds = new Set<string>();
    for (const { parameters } of cases('code-review', 300)) {
      const findings = findDefects(parameters as { language: 'python'; code: string });
      expect(findings.length, parameters.code).toBe(1);
      kinds.add(`${parameters.language} ${findings[0]!.defect.kind}`);
    }
    expect(kinds.size).toBe(12);
  });

  it('notices the neighbouring line, the wrong function and a description that says nothing', () => {
    expectNoticed('code-review', 'location', ({ issues }) => ({
      issues: [{ ...issues[0], line: issues[0].line + 2 }],
    }));
    expectNoticed('code-review', 'location', ({ issues }) => ({ issues: [{ ...issues[0], function: 'main' }] }));
    expectNoticed('code-review', 'explanation', ({ issues }) => ({
      issues: [{ ...issues[0], description: 'This line could be improved for readability.' }],
    }));
  });

  it('accepts one wrong report beside the right one, but no list of every line', () => {
    for (const { test, instance, parameters, right } of cases('code-review')) {
      const noise = { line: 1, function: 'x', description: 'Naming could be better.' };
      expect(test.check({ issues: [noise, right.issues[0]] }, instance)).toBeNull();
      const everything = (parameters.code as string)
        .split('\n')
        .map((_, index) => ({ ...right.issues[0], line: index + 1 }));
      expect(test.check({ issues: everything }, instance)?.check).toBe('shape');
    }
  });
});

describe('test-writing', () => {
  it('notices wrong expectations, unreached branches, untested boundaries and repeats', () => {
    expectNoticed('test-writing', 'expectation', ({ cases: list }) => ({
      cases: list.map((entry: Json, index: number) =>
        index === 2 ? { ...entry, expected: entry.expected + 1 } : entry,
      ),
    }));
    expectNoticed('test-writing', 'branch_coverage', ({ cases: list }) => ({ cases: list.slice(1) }));
    expectNoticed('test-writing', 'boundary_coverage', ({ cases: list }) => ({
      cases: list.filter((entry: Json) => entry.input !== 0).concat({ input: 1, expected: list[1].expected }),
    }));
    expectNoticed('test-writing', 'duplicate_input', ({ cases: list }) => ({ cases: [...list, list[0]] }));
  });
});

describe('regex-writing', () => {
  it('notices patterns that are too loose, too tight, merely list the examples, or are not patterns', () => {
    expectNoticed('regex-writing', 'must_not_match', () => ({ pattern: '.*' }));
    expectNoticed('regex-writing', 'must_match', () => ({ pattern: 'a{3}' }));
    expectNoticed('regex-writing', 'pattern_syntax', () => ({ pattern: '(((' }));
  });

  it('is not fooled by a list of the examples', () => {
    const escaped = (text: string) => text.replace(/[^A-Za-z0-9]/g, '\\$&');
    const outcomes = cases('regex-writing', 40).map(({ test, instance, parameters }) => {
      const pattern = parameters.must_match.map(escaped).join('|');
      return test.check({ pattern }, instance)?.check;
    });
    expect(new Set(outcomes)).toEqual(new Set(['unseen_match']));
  });

  it('notices any one repeat or word that is too generous', () => {
    const outcomes = new Set<string | undefined>();
    for (const { test, instance, right } of cases('regex-writing', 40)) {
      const loosened = [...right.pattern.matchAll(/\{\d+,\d+\}|\(\?:[^)]*\)/g)].map(
        ({ 0: part, index }) =>
          right.pattern.slice(0, index) +
          (part.startsWith('(') ? '[a-z]+' : '+') +
          right.pattern.slice(index + part.length),
      );
      expect(loosened.length).toBe(4);
      for (const pattern of loosened) outcomes.add(test.check({ pattern }, instance)?.check);
    }
    expect(outcomes).toEqual(new Set(['must_not_match', 'unseen_mismatch']));
  });
});

describe('sql-query', () => {
  const reworded = (change: (query: string) => string) => (right: Json) => ({ ...right, query: change(right.query) });

  it('accepts other spellings of the same query', () => {
    for (const { test, instance, parameters, right } of cases('sql-query')) {
      const { table } = parameters;
      const spellings = [
        right.query.toLowerCase().replace(/;$/, ''),
        right.query.replaceAll(' ', '\n  '),
        right.query.replace(`FROM ${table}`, `FROM "${table}"`).replace(/ (city|product) /g, ` ${table}.$1 `),
        right.query.replace('ORDER BY value', `ORDER BY ${/\w+\(\w+\)/.exec(right.query)![0]}`),
      ];
      for (const query of spellings) expect(test.check({ ...right, query }, instance), query).toBeNull();
    }
  });

  it('notices missing clauses, second statements and wrong rows', () => {
    expectNoticed(
      'sql-query',
      'clause',
      reworded((query) => query.replace(/WHERE .* GROUP/, 'GROUP')),
    );
    expectNoticed(
      'sql-query',
      'clause',
      reworded((query) => query.replace(/GROUP BY \w+/, 'GROUP BY id')),
    );
    expectNoticed(
      'sql-query',
      'clause',
      reworded((query) => query.replace(' DESC', '')),
    );
    expectNoticed(
      'sql-query',
      'clause',
      reworded((query) => query.replace(/ LIMIT \d/, '')),
    );
    expectNoticed(
      'sql-query',
      'statement',
      reworded((query) => `${query} DROP TABLE orders`),
    );
    expectNoticed(
      'sql-query',
      'statement',
      reworded((query) => query.replace('SELECT', 'EXPLAIN SELECT')),
    );
    expectNoticed('sql-query', 'value', (right) => ({
      ...right,
      result: right.result.map((row: Json) => ({ ...row, value: row.value + 1 })),
    }));
    expectNoticed('sql-query', 'count', (right) => ({ ...right, result: right.result.slice(1) }));
  });
});

describe('summarization', () => {
  it('notices copies, prefixes, inventions and summaries that say nothing', () => {
    expectNoticed('summarization', 'word_count', (_right, { text }) => ({ summary: text }));
    expectNoticed('summarization', 'word_count', () => ({ summary: 'A company published its results.' }));
    expectNoticed('summarization', 'copying', (_right, { text }) => ({
      summary: text.split(' ').slice(0, 50).join(' '),
    }));
    expectNoticed('summarization', 'key_names', () => ({
      summary: `The firm did fine overall and is hopeful about what comes next ${'and further good things '.repeat(6)}`,
    }));
    expectNoticed('summarization', 'key_figures', ({ summary }) => ({
      summary: summary.replace(/\d[\d.]*\b/g, 'some'),
    }));
    expectNoticed('summarization', 'invented_figure', ({ summary }) => ({ summary: `${summary} It counts 123456.` }));
  });
});

describe('text-generation', () => {
  it('notices short, long, repetitive and echoing texts, missing terms and forbidden words', () => {
    expectNoticed('text-generation', 'word_count', ({ text }) => ({ text: text.slice(0, 80) }));
    expectNoticed('text-generation', 'word_count', ({ text }) => ({ text: text.repeat(4) }));
    expectNoticed('text-generation', 'required_terms', ({ text }, { required_terms }) => ({
      text: text.replace(required_terms[2], 'something'),
    }));
    expectNoticed('text-generation', 'forbidden_words', ({ text }, { forbidden_words }) => ({
      text: text.replace('Come by', `Come by this ${forbidden_words[1]} place`),
    }));
    expectNoticed('text-generation', 'repetition', ({ text }) => ({ text: `Come by today. Come by today. ${text}` }));
    expectNoticed('text-generation', 'sentences', ({ text }) => ({ text: text.replaceAll('.', ',') }));
    expectNoticed('text-generation', 'variety', (_right, { topic, required_terms }) => ({
      text: Array.from({ length: 10 }, (_, index) => `${topic} ${required_terms.join(' ')} ${index}.`)
        .slice(0, 6)
        .join(' '),
    }));
  });
});

describe('the test of an invented tag', () => {
  it('notices an explanation that skips the customer or repeats the task, and steps that are none', () => {
    expectNoticed('3d-printing', 'required_terms', (right, { customer }) => ({
      ...right,
      explanation: right.explanation.replaceAll(customer, 'somebody'),
    }));
    expectNoticed('3d-printing', 'required_terms', (right) => ({
      ...right,
      explanation: right.explanation.replaceAll('3d printing', 'work'),
    }));
    expectNoticed('3d-printing', 'echo', (right) => ({
      ...right,
      explanation: `${right.explanation} Explain to the customer how you would carry out a job of the given skill, in complete sentences.`,
    }));
    expectNoticed('3d-printing', 'steps', (right) => ({ ...right, steps: ['Do', 'the', 'work'] }));
    expectNoticed('3d-printing', 'steps', ({ explanation, steps }) => ({
      explanation,
      steps: [steps[0], steps[0].toUpperCase(), `${steps[0]}.`],
    }));
  });
});

describe('answers that are nearly right', () => {
  it('are told what is wrong, wherever the detail is', () => {
    expectNoticed('sentiment-analysis', 'value', ({ labels }) => ({
      labels: labels.map((entry: Json) => ({ ...entry, label: 'positive' })),
    }));
    expectNoticed('translation', 'translation', ({ translations }) => ({ translations: translations.toReversed() }));
    expectNoticed('data-extraction', 'count', ({ records }) => ({ records: records.slice(1) }));
    expectNoticed('json-transformation', 'value', ({ output }) => ({ output: output.toReversed() }));
    expectNoticed('data-cleaning', 'count', ({ cleaned }) => ({ cleaned: [...cleaned, cleaned[0]] }));
    expectNoticed('data-aggregation', 'grand_total', (right) => ({ ...right, grand_total: right.grand_total + 0.5 }));
    expectNoticed('web-scraping', 'title', (right) => ({ ...right, title: right.title.replace('&', '&amp;') }));
    expectNoticed('web-scraping', 'count', (right) => ({
      ...right,
      links: [{ text: 'Home', href: 'https://a.example/' }, ...right.links],
    }));
    expectNoticed('seo-metadata', 'title_keyword', (right, { brand }) => ({
      ...right,
      title: `Something else entirely | ${brand}`,
    }));
    expectNoticed('seo-metadata', 'title_brand', (right) => ({
      ...right,
      title: right.title.replace(/ \| .*/, ' and more'),
    }));
    expectNoticed('seo-metadata', 'slug_format', (right) => ({ ...right, slug: right.slug.replaceAll('-', ' ') }));
    expectNoticed('accessibility-audit', 'duplicate_entry', ({ findings }) => ({
      findings: [...findings, findings[0]],
    }));
    expectNoticed('accessibility-audit', 'missing_entry', ({ findings }) => ({ findings: findings.slice(1) }));
    expectNoticed('research', 'citation', (right, { passages }) => ({
      ...right,
      passage_id: passages.find((passage: Json) => passage.id !== right.passage_id).id,
    }));
    expectNoticed('research', 'answer_figure', (right) => ({ ...right, answer: `${right.answer} Or 55555.` }));
    expectNoticed('fact-checking', 'value', ({ verdicts }) => ({
      verdicts: verdicts.map((entry: Json) => ({ ...entry, verdict: 'supported' })),
    }));
    expectNoticed('source-comparison', 'only_in_one', (right) => ({ ...right, only_in_one: [] }));
    expectNoticed('citation-formatting', 'format', ({ references }) => ({
      references: references.map((entry: string) => entry.replace('pp. ', '')),
    }));
    expectNoticed('unit-conversion', 'value', ({ conversions }) => ({
      conversions: conversions.map((entry: Json) => ({ ...entry, converted: entry.converted * 1.01 })),
    }));
    expectNoticed('statistics', 'value', (right) => ({ ...right, median: right.median + 0.5 }));
    expectNoticed('word-problems', 'calculation', ({ answers }) => ({
      answers: answers.map((entry: Json) => ({ ...entry, calculation: 'As everybody can see.' })),
    }));
    expectNoticed('equation-solving', 'value', ({ solutions }) => ({
      solutions: solutions.map((entry: Json) => ({ ...entry, y: entry.y + 1 })),
    }));
    expectNoticed('log-analysis', 'error_count', (right) => ({ ...right, error_count: right.error_count + 1 }));
    expectNoticed('scheduling', 'room', (right) => ({ ...right, room: 'the hallway' }));
    expectNoticed('config-review', 'value', ({ violations }) => ({
      violations: violations.map((entry: Json) => ({ ...entry, actual: 'unknown' })),
    }));
    expectNoticed('config-review', 'unexpected_entry', ({ violations }, { policy }) => ({
      violations: policy.map(
        ({ id }: Json) => violations.find((entry: Json) => entry.rule_id === id) ?? { rule_id: id, actual: '' },
      ),
    }));
  });

  it('are forgiven differences that mean nothing', () => {
    for (const { test, instance, right } of cases('sentiment-analysis')) {
      expect(test.check({ labels: right.labels.toReversed(), note: 'done' }, instance)).toBeNull();
    }
    for (const { test, instance, right } of cases('translation')) {
      expect(
        test.check({ translations: right.translations.map((text: string) => `${text.toUpperCase()}.`) }, instance),
      ).toBeNull();
    }
    for (const { test, instance, right } of cases('citation-formatting')) {
      expect(
        test.check({ references: right.references.map((text: string) => text.replaceAll('-', '–')) }, instance),
      ).toBeNull();
    }
    for (const { test, instance, right } of cases('scheduling')) {
      expect(test.check({ ...right, start: `${right.start}:00Z`, end: `${right.end}:00Z` }, instance)).toBeNull();
    }
  });
});

describe('cron-expressions', () => {
  it('compares expressions by the times they fire at', () => {
    for (const [one, other] of [
      ['0 9 * * 1-5', '0 9 * * MON-FRI'],
      ['0 9 * * 1-5', '00 09 * * 1,2,3,4,5'],
      ['*/15 * * * *', '0,15,30,45 * * * *'],
      ['*/30 8-18 * * *', '0/30 8-18 * * *'],
      ['5 4 * * 0', '5 4 * * sun'],
      ['5 4 * * 0', '5 4 * * 7'],
      ['2 22 1 1,4,7,10 *', '2 22 1 */3 *'],
    ] as const) {
      expect(parseCron(one), other).toBe(parseCron(other));
    }
    expect(parseCron('0 9 * * 1-5')).not.toBe(parseCron('0 9 * * 1-6'));
  });

  it('refuses what is not a five-field expression', () => {
    for (const text of [
      '',
      '* * * *',
      '0 0 9 * * *',
      '60 * * * *',
      '* 24 * * *',
      '* * 0 * *',
      '* * * 13 *',
      '@daily',
      '*/0 * * * *',
      '5-1 * * * *',
      '* * * * FUN',
    ]) {
      expect(parseCron(text), text).toBeNull();
    }
    expectNoticed('cron-expressions', 'cron_syntax', ({ expressions }) => ({
      expressions: expressions.map((entry: Json) => ({ ...entry, cron: '@hourly' })),
    }));
    expectNoticed('cron-expressions', 'value', ({ expressions }) => ({
      expressions: expressions.map((entry: Json) => ({ ...entry, cron: '1 2 3 4 *' })),
    }));
  });
});
