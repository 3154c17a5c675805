/**
 * Instances and answers worked out by hand. The generator, the checker and the reference solver share their idea of the
 * truth; these examples do not.
 */
import { describe, expect, it } from 'vitest';
import { tagTestFor } from '../../../src/market/sandbox-content/catalogue.ts';
import { tags } from '../../../src/market/taxonomy/taxonomy.ts';

interface Example {
  tag: string;
  parameters: Record<string, unknown>;
  answer: unknown;
}

const examples: Example[] = [
  {
    tag: 'code-review',
    parameters: {
      language: 'python',
      code: 'def load_scores(scores):\n    if not scores:\n        return 0.0\n    total = sum(scores)\n    return total / len(scores)\n\ndef merge_users(path):\n    handle = open(path)\n    users = handle.read().split()\n    return users',
    },
    answer: { issues: [{ line: 8, function: 'merge_users', description: 'The file handle is never closed.' }] },
  },
  {
    tag: 'test-writing',
    parameters: {
      language: 'javascript',
      source:
        'function lateFee(hours) {\n  if (hours < 0) return -1;\n  if (hours < 4) return 10;\n  if (hours <= 9) return 10 + (hours - 4) * 3;\n  return 500;\n}',
    },
    answer: {
      cases: [
        { input: -1, expected: -1 },
        { input: 0, expected: 10 },
        { input: 3, expected: 10 },
        { input: 4, expected: 10 },
        { input: 9, expected: 25 },
        { input: 10, expected: 500 },
      ],
    },
  },
  {
    tag: 'regex-writing',
    parameters: {
      format: [
        { kind: 'uppercase', min: 2, max: 2 },
        { kind: 'literal', text: '-' },
        { kind: 'digits', min: 3, max: 5 },
        { kind: 'literal', text: '/' },
        { kind: 'one_of', options: ['lamp', 'tent'] },
      ],
      must_match: ['QX-123/lamp', 'AB-99999/tent'],
      must_not_match: ['Q-123/lamp', 'AB-12/tent', 'AB-123456/tent', 'AB-123/sofa'],
    },
    answer: { pattern: '[A-Z][A-Z]-\\d{3,5}/(lamp|tent)' },
  },
  {
    tag: 'sql-query',
    parameters: {
      table: 'orders',
      rows: [
        { id: 1, city: 'Marston', product: 'lamp', quantity: 5, price: 100 },
        { id: 2, city: 'Marston', product: 'tent', quantity: 6, price: 10 },
        { id: 3, city: 'Carvale', product: 'tent', quantity: 20, price: 60 },
        { id: 4, city: 'Marston', product: 'lamp', quantity: 4, price: 60 },
        { id: 5, city: 'Dunmore', product: 'lamp', quantity: 9, price: 99 },
      ],
      question: {
        group_by: 'city',
        aggregate: 'SUM',
        of: 'quantity',
        where: { column: 'price', operator: '>=', value: 60 },
        limit: 3,
      },
    },
    answer: {
      query: 'SELECT city, SUM(quantity) FROM orders WHERE price >= 60 GROUP BY city ORDER BY 2 DESC, 1 LIMIT 3',
      // Dunmore and Marston tie: by label.
      result: [
        { label: 'Carvale', value: 20 },
        { label: 'Dunmore', value: 9 },
        { label: 'Marston', value: 9 },
      ],
    },
  },
  {
    tag: 'summarization',
    parameters: {
      text: 'Keystone Paper, a family business based in Marston, published its yearly results on Monday. Sales rose to 40 million euros, which is 7 percent more than the year before. Analyst Uma Tanaka had expected less and now values the firm at 600 million euros. A strike in Carvale during May stopped deliveries for 12 days.',
      min_words: 25,
      max_words: 60,
    },
    answer: {
      summary:
        'Although a walk-out in Carvale halted shipments for 12 days, Keystone Paper from Marston had a better year: sales grew by 7 percent to 40 million euros, and one analyst now puts its worth higher than before.',
    },
  },
  {
    tag: 'text-generation',
    parameters: {
      topic: 'a tool-sharing club in Dunmore',
      audience: 'new residents',
      required_terms: ['membership', 'opening hours', 'spare parts', 'weekend'],
      forbidden_words: ['amazing', 'unique'],
      min_words: 45,
      max_words: 90,
    },
    answer: {
      text: 'Moving in without a drill? The club in Dunmore lends out everything from ladders to sanders, so nobody needs to own them all. A yearly membership costs less than one hammer. Our opening hours are short but friendly, and at the weekend somebody is always there to explain how things work. If something breaks, we keep spare parts.',
    },
  },
  {
    tag: 'sentiment-analysis',
    parameters: {
      reviews: [
        {
          id: 'a',
          text: 'Great idea, great box, and a tent that does not switch on. It is used in the kitchen, next to the window.',
        },
        {
          id: 'b',
          text: 'The tent arrived on a weekday and came in a plain box. The old one was a nightmare; this tent has ended that.',
        },
        {
          id: 'c',
          text: 'The tent is the same size as the one we had before. The tent arrived on a weekday and came in a plain box.',
        },
      ],
    },
    answer: {
      labels: [
        { review_id: 'c', label: 'neutral' },
        { review_id: 'b', label: 'positive' },
        { review_id: 'a', label: 'negative' },
      ],
    },
  },
  {
    tag: 'translation',
    parameters: {
      glossary: {
        nouns: { king: 'gelu', stone: 'mifi' },
        verbs: { lift: 'sege', paint: 'faloma' },
        adjectives: { old: 'gase', red: 'kugo' },
      },
      grammar: {
        word_order: 'verb subject object',
        adjective: 'after its noun',
        plural_suffix: 'li',
        past_prefix: 'ka',
        future_prefix: 'si',
        articles: 'none',
      },
      sentences: ['The old king lifted the red stones.', 'The kings will paint the stone.'],
    },
    answer: { translations: ['Kasege gelu gase mifili kugo.', 'Sifaloma geluli mifi.'] },
  },
  {
    tag: 'data-extraction',
    parameters: {
      format: 'csv',
      fields: [
        { name: 'buyer', label: 'Customer', type: 'string' },
        { name: 'is_paid', label: 'Paid', type: 'boolean' },
        { name: 'price', label: 'Amount', type: 'number' },
        { name: 'town', label: 'Ship to', type: 'string' },
      ],
      text: 'Paid,Customer,Amount,Ship to\nyes,"Novak, Rosa",12.50,Marston\nno,"Quint, Uma",7.05,Carvale',
    },
    answer: {
      records: [
        { buyer: 'Novak, Rosa', is_paid: true, price: 12.5, town: 'Marston' },
        { buyer: 'Quint, Uma', is_paid: false, price: 7.05, town: 'Carvale' },
      ],
    },
  },
  {
    tag: 'data-extraction',
    parameters: {
      format: 'labelled lines',
      fields: [
        { name: 'reference', label: 'No.', type: 'number' },
        { name: 'client', label: 'Customer', type: 'string' },
      ],
      text: 'Customer: Novak, Rosa; No.: 17\nCustomer: Quint, Uma; No.: 20',
    },
    answer: {
      records: [
        { reference: 17, client: 'Novak, Rosa' },
        { reference: 20, client: 'Quint, Uma' },
      ],
    },
  },
  {
    tag: 'json-transformation',
    parameters: {
      input: [
        {
          id: 'a-1',
          owner: { given: 'Uma', family: 'Novak' },
          stats: { views: 100, likes: 7 },
          place: { city: 'Marston', archived: true },
        },
        {
          id: 'b-2',
          owner: { given: 'Leif', family: 'Quint' },
          stats: { views: 99, likes: 50 },
          place: { city: 'Carvale', archived: false },
        },
        {
          id: 'c-3',
          owner: { given: 'Rosa', family: 'Varga' },
          stats: { views: 300, likes: 3 },
          place: { city: 'Dunmore', archived: false },
        },
      ],
      specification: {
        keep_if: { path: 'stats.views', at_least: 100 },
        rename: [
          { to: 'ref', path: 'id', type: 'string' },
          { to: 'surname', path: 'owner.family', type: 'string' },
          { to: 'retired', path: 'place.archived', type: 'boolean' },
        ],
        sort: { path: 'stats.likes', order: 'ascending' },
      },
    },
    answer: {
      output: [
        { ref: 'c-3', surname: 'Varga', retired: false },
        { ref: 'a-1', surname: 'Novak', retired: true },
      ],
    },
  },
  {
    tag: 'data-cleaning',
    parameters: {
      date_format: 'month/day/year',
      rows: [
        { id: 1, name: '  ROSA   novak', email: ' Rosa.Novak@X.example', joined: '3/28/2020' },
        { id: 2, name: 'uma Quint ', email: 'UMA@X.EXAMPLE', joined: '12/1/2019' },
        { id: 3, name: 'rosa novak', email: 'ROSA.NOVAK@x.example ', joined: '3/28/2020' },
      ],
    },
    answer: {
      cleaned: [
        { id: 1, name: 'Rosa Novak', email: 'rosa.novak@x.example', joined: '2020-03-28' },
        { id: 2, name: 'Uma Quint', email: 'uma@x.example', joined: '2019-12-01' },
      ],
    },
  },
  {
    tag: 'data-aggregation',
    parameters: { group_by: 'item', csv: 'city,item,amount\nMarston,lamp,10.25\nCarvale,tent,5.50\nCarvale,lamp,0.50' },
    answer: {
      groups: [
        { name: 'tent', count: 1, total: 5.5, largest: 5.5 },
        { name: 'lamp', count: 2, total: 10.75, largest: 10.25 },
      ],
      grand_total: 16.25,
    },
  },
  {
    tag: 'web-scraping',
    parameters: {
      url: 'https://www.marston.example/guide/2020/index.html',
      html: '<html><head><title>\n Lamps &amp; tents \n</title></head><body><nav><a href="/">Home</a></nav>\n<main>\n<p><a href="../amber/lamp.html">amber <b>lamp</b></a></p>\n<!-- <a href="/gone">gone</a> -->\n<a href="tent/4">tent</a>\n</main>\n<footer><a href="/imprint">Imprint</a></footer></body></html>',
    },
    answer: {
      title: 'Lamps & tents',
      links: [
        { text: 'amber lamp', href: 'https://www.marston.example/guide/amber/lamp.html' },
        { text: 'tent', href: 'https://www.marston.example/guide/2020/tent/4' },
      ],
    },
  },
  {
    tag: 'seo-metadata',
    parameters: { page_text: 'We repair amber lamps.', keyword: 'amber lamp repair', brand: 'Norden' },
    answer: {
      title: 'Amber Lamp Repair in a Day – Norden',
      meta_description:
        'Flickering or dead? Our amber lamp repair takes one working day, and you hear the price before we start.',
      slug: 'amber-lamp-repair',
    },
  },
  {
    tag: 'url-normalization',
    parameters: {
      base: 'https://marston.example/catalogue/lamp/index.html',
      tracking_parameters: ['ref', 'gclid'],
      urls: [
        'HTTPS://Shop.Marston.Example:443/a/../b?size=2&colour=red#top',
        '/c/./d?ref=1',
        'tent/list?gclid=9&x=1',
        'http://api.example:8443/p',
      ],
    },
    answer: {
      normalized: [
        'https://shop.marston.example/b?colour=red&size=2',
        'https://marston.example/c/d',
        'https://marston.example/catalogue/lamp/tent/list?x=1',
        'http://api.example:8443/p',
      ],
    },
  },
  {
    tag: 'accessibility-audit',
    parameters: {
      html: '<img id="a" src="/img/x.jpg" alt="A lamp">\n<img id="b" src="/img/x.jpg">\n<label for="c">Your tent</label> <input id="c" type="text">\n<span>Your tent</span> <input id="d" type="text">\n<button id="e" type="button"><svg aria-hidden="true"></svg></button>\n<button id="f" type="button"><svg aria-hidden="true"></svg> Add</button>\n<a id="g" href="/x">Click here</a>\n<iframe id="h" src="/map/x"></iframe>\n<iframe id="i" src="/map/x" title="Map"></iframe>',
    },
    answer: {
      findings: [
        { element_id: 'b', problem: 'missing_alt_text' },
        { element_id: 'd', problem: 'missing_label' },
        { element_id: 'e', problem: 'empty_button' },
        { element_id: 'g', problem: 'unclear_link_text' },
        { element_id: 'h', problem: 'missing_frame_title' },
      ],
    },
  },
  {
    tag: 'research',
    parameters: {
      question: 'How many loans did the Marston library have in 2015?',
      passages: [
        { id: 'p1', text: 'In the season of 2015, 7000 loans were recorded at the Marston library.' },
        { id: 'p2', text: 'In the season of 2015, 8000 loans were recorded at the Carvale library.' },
        {
          id: 'p3',
          text: 'Correction: the number of loans at the Marston library in 2015 was misprinted; it should read 7100.',
        },
        { id: 'p4', text: 'In the season of 2014, 9000 loans were recorded at the Marston library.' },
      ],
    },
    answer: { answer: 'The Marston library had 7,100 loans in 2015.', figure: 7100, passage_id: 'p3' },
  },
  {
    tag: 'fact-checking',
    parameters: {
      sources: [
        { id: 's1', text: 'Norden Foods opened its doors in 1950.' },
        { id: 's2', text: 'The head office of Quarry Paper is in Marston.' },
        { id: 's3', text: 'Norden Foods has been led by Uma Novak for some years.' },
      ],
      claims: [
        { id: 'c1', text: 'Norden Foods was founded in 1950.' },
        { id: 'c2', text: 'Quarry Paper is based in Carvale.' },
        { id: 'c3', text: 'Quarry Paper was founded in 1950.' },
        { id: 'c4', text: 'Uma Novak is in charge of Norden Foods.' },
        { id: 'c5', text: 'Norden Foods employs 40 people.' },
      ],
    },
    answer: {
      verdicts: [
        { claim_id: 'c1', verdict: 'supported', source_id: 's1' },
        { claim_id: 'c2', verdict: 'contradicted', source_id: 's2' },
        { claim_id: 'c3', verdict: 'not_covered', source_id: '' },
        { claim_id: 'c4', verdict: 'supported', source_id: 's3' },
        { claim_id: 'c5', verdict: 'not_covered', source_id: '' },
      ],
    },
  },
  {
    tag: 'source-comparison',
    parameters: {
      measures: ['visitors', 'tents', 'buses', 'stalls'],
      first_report:
        'A report on it. From the station 22 buses ran in turns. The camp site held 480 tents. Food was sold at 18 stalls.',
      second_report:
        'Looking back at it. The police counted 900 visitors. At night 480 tents stood on the meadow. The town had rented 21 buses.',
    },
    answer: { disagreements: [{ measure: 'buses', first: 22, second: 21 }], only_in_one: ['stalls', 'visitors'] },
  },
  {
    tag: 'citation-formatting',
    parameters: {
      works: [
        {
          authors: [
            { given: 'Uma', family: 'Novak' },
            { given: 'Leif Hiro', family: 'Abbott' },
          ],
          year: 1999,
          title: 'On tents',
          journal: 'Annals of Marston',
          volume: 4,
          first_page: 10,
          last_page: 19,
        },
        {
          authors: [
            { given: 'Rosa', family: 'Devlin' },
            { given: 'Ines', family: 'Varga' },
            { given: 'Yusuf', family: 'Brandt' },
          ],
          year: 2004,
          title: 'On lamps',
          journal: 'Letters of Carvale',
          volume: 12,
          first_page: 1,
          last_page: 7,
        },
      ],
    },
    answer: {
      references: [
        'Devlin, R.; Varga, I. & Brandt, Y. (2004). On lamps. Letters of Carvale 12, pp. 1-7.',
        'Novak, U. & Abbott, L. H. (1999). On tents. Annals of Marston 4, pp. 10-19.',
      ],
    },
  },
  {
    tag: 'unit-conversion',
    parameters: {
      measurements: [
        { id: 'a', value: 10, from: 'mile', to: 'kilometre' },
        { id: 'b', value: 98.6, from: 'degree Fahrenheit', to: 'degree Celsius' },
        { id: 'c', value: 100, from: 'degree Celsius', to: 'degree Fahrenheit' },
        { id: 'd', value: 1, from: 'kilogram', to: 'pound' },
        { id: 'e', value: 30, from: 'knot', to: 'kilometre per hour' },
        { id: 'f', value: 10, from: 'US gallon', to: 'litre' },
        { id: 'g', value: 2, from: 'hectare', to: 'acre' },
        { id: 'h', value: 50, from: 'metre', to: 'foot' },
        { id: 'i', value: 25.4, from: 'centimetre', to: 'inch' },
      ],
    },
    answer: {
      conversions: [
        ['a', 16.09],
        ['b', 37],
        ['c', 212],
        ['d', 2.2],
        ['e', 55.56],
        ['f', 37.85],
        ['g', 4.94],
        ['h', 164.04],
        ['i', 10],
      ].map(([measurement_id, converted]) => ({ measurement_id, converted })),
    },
  },
  {
    tag: 'statistics',
    parameters: { sample: 'orders per day', values: [9, 2, 4, 4, 4, 5, 5, 7] },
    answer: { mean: 5, median: 4.5, spread: 7, standard_deviation: 2 },
  },
  {
    tag: 'statistics',
    parameters: { sample: 'orders per day', values: [3, 1, 2] },
    answer: { mean: 2, median: 2, spread: 2, standard_deviation: 0.82 },
  },
  {
    tag: 'word-problems',
    parameters: {
      problems: [
        {
          id: 'a',
          text: 'A bus from Marston drives 50 km per hour. A car from the other end of the road leaves at the same time and drives 100 km per hour towards it. The road is 300 km long. After how many minutes do they meet?',
        },
        {
          id: 'b',
          text: 'Rosa buys 4 items (each a lamp) at 25 euros apiece. The loyalty card takes 10 percent off, and delivery, which is never reduced, costs 5 euros. How many euros are paid?',
        },
        {
          id: 'c',
          text: 'The Novak family paints a fence. One of them, working alone, needs 6 hours for it, another 12 hours. How many minutes do they need together if each keeps the same pace?',
        },
        {
          id: 'd',
          text: 'A tank in Marston holds 500 litres. Every day 60 litres flow in and 50 litres are used; on the last day of each full week another 20 litres are used for cleaning. How many litres are in it after exactly two weeks?',
        },
      ],
    },
    answer: {
      answers: [
        { problem_id: 'a', result: 120, calculation: '300 / (50 + 100) = 2 h' },
        { problem_id: 'b', result: 95, calculation: '4 * 25 * 0.9 + 5' },
        { problem_id: 'c', result: 240, calculation: '1 / (1/6 + 1/12) = 4 h' },
        { problem_id: 'd', result: 600, calculation: '500 + 14 * (60 - 50) - 2 * 20' },
      ],
    },
  },
  {
    tag: 'equation-solving',
    parameters: { systems: [{ id: 'a', equations: ['2x + 3y = 13', '4x - 2y = 2'] }] },
    answer: { solutions: [{ system_id: 'a', x: 2, y: 3 }] },
  },
  {
    tag: 'log-analysis',
    parameters: {
      log: '2025-09-03T00:52:52Z WARN search r-1 errors below threshold\n2025-09-03T00:53:10Z ERROR billing r-2 timeout after 5000 ms\n2025-09-03T00:53:01Z ERROR auth r-3 pool exhausted\n2025-09-03T00:53:20Z INFO auth r-4 request handled\n2025-09-03T00:53:30Z ERROR billing r-2 pool exhausted',
    },
    answer: {
      first_error_at: '2025-09-03T00:53:01Z',
      failing_service: 'auth',
      error_count: 3,
      affected_requests: ['r-3', 'r-2'],
    },
  },
  {
    tag: 'scheduling',
    parameters: {
      date: '2025-03-18',
      working_hours: { from: '09:00', to: '17:00' },
      duration_minutes: 45,
      people: [
        { name: 'Ines', busy: [{ from: '09:00', to: '10:30' }] },
        { name: 'Leif', busy: [{ from: '11:00', to: '12:00' }] },
        { name: 'Uma', busy: [] },
      ],
      rooms: [
        { name: 'tiny room', seats: 2, busy: [] },
        { name: 'red room', seats: 3, busy: [{ from: '12:30', to: '13:00' }] },
        { name: 'big room', seats: 9, busy: [{ from: '09:00', to: '12:15' }] },
      ],
    },
    // 12:00 fails for the rooms (red is taken from 12:30, big until 12:15), 10:30 for Leif.
    answer: { start: '2025-03-18T12:15', end: '2025-03-18T13:00', room: 'big room' },
  },
  {
    tag: 'cron-expressions',
    parameters: {
      schedules: [
        { id: 'a', text: 'every day at 06:45' },
        { id: 'b', text: 'at 00:05 from Monday to Friday' },
        { id: 'c', text: 'every 20 minutes, starting on the hour, between 07:00 and 18:59' },
        { id: 'd', text: 'on day 15 of every month at 23:10' },
        { id: 'e', text: 'every Sunday at 04:30' },
        { id: 'f', text: 'on the first day of January, April, July and October at 22:02' },
      ],
    },
    answer: {
      expressions: [
        ['a', '45 6 * * *'],
        ['b', '5 0 * * MON-FRI'],
        ['c', '0,20,40 7-18 * * *'],
        ['d', '10 23 15 * *'],
        ['e', '30 4 * * 0'],
        ['f', '2 22 1 JAN,APR,JUL,OCT *'],
      ].map(([schedule_id, cron]) => ({ schedule_id, cron })),
    },
  },
  {
    tag: 'config-review',
    parameters: {
      config: 'tls = off\n# debug = off\nretry_limit = 20\nlog_days = 5\nlegacy_mode = on\nworker_count = 9',
      policy: [
        { id: 'r1', setting: 'tls', requirement: 'equals', value: 'on' },
        { id: 'r2', setting: 'debug', requirement: 'equals', value: 'off' },
        { id: 'r3', setting: 'retry_limit', requirement: 'at_most', value: '20' },
        { id: 'r4', setting: 'log_days', requirement: 'at_least', value: '30' },
        { id: 'r5', setting: 'legacy_mode', requirement: 'absent', value: '' },
        { id: 'r6', setting: 'shared_secret', requirement: 'absent', value: '' },
        { id: 'r7', setting: 'worker_count', requirement: 'at_least', value: '10' },
      ],
    },
    answer: {
      violations: [
        { rule_id: 'r1', actual: 'off' },
        { rule_id: 'r2', actual: 'missing' },
        { rule_id: 'r4', actual: '5' },
        { rule_id: 'r5', actual: 'on' },
        { rule_id: 'r7', actual: '9' },
      ],
    },
  },
];

describe('answers worked out by hand', () => {
  it.each(examples)('pass the test of $tag', ({ tag, parameters, answer }) => {
    expect(tagTestFor(tag)?.check(answer, { parameters, description: '' })).toBeNull();
  });

  it('exist for every tag of the catalogue', () => {
    expect(new Set(examples.map((example) => example.tag))).toEqual(new Set(tags.map((tag) => tag.slug)));
  });
});
