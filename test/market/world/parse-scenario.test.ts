import { describe, expect, it } from 'vitest';
import { parseScenario, ScenarioError } from '#market/world/scenario/parse-scenario.ts';

const read = (scenario: unknown) => parseScenario(JSON.stringify(scenario), 'exam.json');
const JOB = { by: 'Acme', tag: 'sql-query' };
const base = { requesters: [{ name: 'Acme' }] };

describe('a scenario', () => {
  it('may say nothing at all', () => expect(read({})).toEqual({}));

  it('is read as it is written', () => {
    const written = { ...base, seed: 's', jobs: [{ ...JOB, name: 'one', customer: [{ do: 'rate', rating: 1 }] }] };
    expect(read(written)).toEqual(written);
  });

  it.each<[string, unknown, string]>([
    [
      'an unknown field',
      { requestors: [] },
      'exam.json: requestors: there is no such field; did you mean requesters? Allowed are: about, seed',
    ],
    [
      'an unknown field far below',
      { ...base, jobs: [{ ...JOB, budget: 5 }] },
      'jobs[0].budget: there is no such field; did you mean budget_usdc?',
    ],
    [
      'an unknown field of a reaction',
      { ...base, jobs: [{ ...JOB, customer: [{ do: 'accept', rating: 3 }] }] },
      'jobs[0].customer[0].rating: there is no such field',
    ],
    ['a wrong type', { speed: '60' }, 'exam.json: speed: Invalid input: expected number, received string'],
    ['a wrong word', { temper: 'kind' }, 'Invalid option: expected one of "lenient"|"fair"|"strict"'],
    [
      'an unknown reaction',
      { ...base, jobs: [{ ...JOB, customer: [{ do: 'shrug' }] }] },
      'jobs[0].customer[0].do: Invalid',
    ],
    [
      'a person that is not there',
      { ...base, jobs: [{ ...JOB, by: 'Acm' }] },
      'jobs[0].by: there is no "Acm" in requesters; did you mean Acme? There is: Acme',
    ],
    [
      'a rival that is not there',
      { ...base, jobs: [{ ...JOB, bids: [{ by: 'Tom', amount_usdc: 1, estimated_seconds: 9 }] }] },
      'jobs[0].bids[0].by: there is no "Tom" in rivals. rivals is empty',
    ],
    ['an unknown tag', { ...base, jobs: [{ by: 'Acme', tag: 'sql-qery' }] }, 'did you mean sql-query?'],
    [
      'a name given twice',
      { requesters: [{ name: 'A' }], rivals: [{ name: 'A', tags: ['sql-query'] }] },
      'rivals[0].name: this name is taken',
    ],
    [
      'a job of neither kind',
      { ...base, jobs: [{ by: 'Acme' }] },
      'jobs[0]: give tag, and the job is made up; or description and tags',
    ],
    [
      'a job of both kinds',
      { ...base, jobs: [{ ...JOB, description: 'x' }] },
      'jobs[0].description: a job with tag has its own',
    ],
    [
      'an own job without budget',
      { ...base, jobs: [{ by: 'Acme', description: 'x', tags: ['sql-query'] }] },
      'jobs[0].budget_usdc: a job without tag needs a budget',
    ],
    [
      'a bid after the window',
      {
        ...base,
        rivals: [{ name: 'R', tags: ['sql-query'] }],
        jobs: [{ ...JOB, bids: [{ by: 'R', amount_usdc: 1, estimated_seconds: 9, after_seconds: 15 }] }],
      },
      'comes after the window of 15 s',
    ],
    [
      'a bid above the budget',
      {
        ...base,
        rivals: [{ name: 'R', tags: ['sql-query'] }],
        jobs: [{ ...JOB, budget_usdc: 1, bids: [{ by: 'R', amount_usdc: 2, estimated_seconds: 9 }] }],
      },
      'is above the budget of 1',
    ],
    [
      'two beginnings',
      { ...base, jobs: [{ ...JOB, at_seconds: 1, when: 'a_candidate_is_active' }] },
      'give at_seconds or when, not both',
    ],
    [
      'a clock move that never comes',
      { clock: [{ advance_hours: 24 }] },
      'clock[0]: give at_seconds or after_delivery_of',
    ],
    [
      'a clock move after nothing',
      { clock: [{ after_delivery_of: 'x', advance_hours: 24 }] },
      'there is no "x" in the names of jobs',
    ],
    ['faults that cannot be read', { faults: 'drop' }, 'exam.json: faults: Rule 1, "drop"'],
    ['an amount too fine', { requesters: [{ name: 'A', spending_usdc: 0.0000001 }] }, 'requesters[0].spending_usdc'],
    [
      'one key for two',
      { candidates: ['a', 'b'].map((name) => ({ name, tags: ['sql-query'], api_key: 'sk_live_0123456789abcdef' })) },
      'two candidates have this key',
    ],
    ['something else', [], 'exam.json: the scenario: Invalid input: expected object'],
  ])('teaches about %s', (_what, scenario, lesson) => {
    expect(() => read(scenario)).toThrow(ScenarioError);
    expect(() => read(scenario)).toThrow(lesson);
  });

  it('names the line where it is not JSON', () => {
    expect(() => parseScenario('{\n  "seed": 1,\n}', 'exam.json')).toThrow(/^exam\.json.*not JSON/);
  });

  it('tells every problem at once', () => {
    expect(() => read({ speed: 0, temper: 'x' })).toThrow(/speed[\s\S]*temper/);
  });
});
