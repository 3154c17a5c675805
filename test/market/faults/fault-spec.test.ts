import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRng } from '#kit/rng.ts';
import { faultKinds, faultProfiles } from '#market/faults/fault-kinds.ts';
import { FaultPlan } from '#market/faults/fault-plan.ts';
import { FaultSpecError, matchesGlob, parseFaults } from '#market/faults/fault-spec.ts';

describe('a specification of faults', () => {
  it.each([
    [
      'drop-after deliver 10%',
      { kind: 'drop-after', target: { of: 'operation', id: 'deliver' }, when: { kind: 'share', share: 0.1 } },
    ],
    ['reset-before *', { kind: 'reset-before', target: { of: 'all' }, when: { kind: 'always' } }],
    ['429=2 list_agent_jobs #3', { kind: '429', argument: 2, when: { kind: 'calls', from: 3, to: 3 } }],
    ['429 * every:5', { kind: '429', argument: 1, when: { kind: 'every', nth: 5 } }],
    [
      'delay=500 post /api/v1/agents/* #2-4',
      {
        argument: 500,
        target: { of: 'path', method: 'POST', glob: '/api/v1/agents/*' },
        when: { kind: 'calls', from: 2, to: 4 },
      },
    ],
    [
      'cut-body /health 0.5%',
      { target: { of: 'path', method: '*', glob: '/health' }, when: { kind: 'share', share: 0.005 } },
    ],
    ['duplicate webhook job.* 20%', { target: { of: 'webhook', glob: 'job.*' } }],
    ['duplicate  webhook', { target: { of: 'webhook', glob: '*' }, text: 'duplicate webhook' }],
  ])('reads %s', (spec, expected) => {
    expect(parseFaults(spec)).toMatchObject([expected]);
  });

  it('is a list, in which profiles stand for their rules', () => {
    expect(parseFaults(' lossy ; ;delay=5 *; ').map(({ text }) => text)).toEqual(['drop-after * 10%', 'delay=5 *']);
    for (const name of Object.keys(faultProfiles)) expect(parseFaults(name).length).toBeGreaterThan(0);
  });

  it.each([
    ['', 'No faults are given'],
    ['drop-aftr deliver', 'did you mean drop-after?'],
    ['drop deliver', 'did it happen or not?'],
    ['500 *', 'say 500-before or 500-after'],
    ['explode *', 'Known are: 429, drop-before'],
    ['drop-after', 'which requests?'],
    ['drop-after delivr', 'did you mean deliver?'],
    ['drop-after FETCH /x', 'there is no method FETCH'],
    ['drop-after POST agents', 'starts with a slash'],
    ['drop-after deliver 101%', '10% (up to 100%)'],
    ['drop-after deliver 0%', 'does not say when'],
    ['drop-after deliver #0', 'does not say when'],
    ['drop-after deliver #4-2', 'does not say when'],
    ['drop-after deliver every:0', 'does not say when'],
    ['drop-after POST /a b 10%', 'one word too many'],
    ['delay deliver', 'delay=N takes whole milliseconds from 1 to 600000'],
    ['delay=x deliver', 'delay=N takes'],
    ['drop-after=3 deliver', 'takes no value'],
    ['duplicate deliver', 'duplicate is for webhooks'],
    ['drop-after webhook', 'webhooks know no other fault'],
    ['duplicate webhook jobs.*', 'no webhook event matches'],
    ['duplicate webhook job.asigned', 'did you mean job.assigned?'],
  ])('teaches what is wrong with %j', (spec, lesson) => {
    expect(() => parseFaults(spec)).toThrow(FaultSpecError);
    expect(() => parseFaults(spec)).toThrow(lesson);
  });

  it('has an end', () => {
    expect(() => parseFaults('drop-after *;'.repeat(51))).toThrow('50 are allowed');
  });

  it('names the rule that is wrong', () => {
    expect(() => parseFaults('drop-after *; drop-after nothing')).toThrow('Rule 2, "drop-after nothing"');
  });

  it('never fails in any other way', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(...Object.keys(faultKinds), '*', 'deliver', '10%', '#3', 'webhook', ';'),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        try {
          parseFaults(words.join(' '));
        } catch (error) {
          expect(error).toBeInstanceOf(FaultSpecError);
        }
      }),
    );
  });
});

describe('a glob', () => {
  it.each([
    ['/a/*', '/a/b/c', true],
    ['/a/*', '/b/a/', false],
    ['*/accept', '/api/jobs/7/accept', true],
    ['/api/*/bids/*', '/api/jobs/bids/', true],
    ['/a', '/a/', false],
    ['a*a', 'a', false],
    ['*', '', true],
  ])('%s and %s: %s', (glob, text, expected) => expect(matchesGlob(glob, text)).toBe(expected));
});

describe('a plan', () => {
  const plan = (spec: string, seed = '1') => {
    const made = new FaultPlan(seededRng(seed));
    made.add(spec);
    return made;
  };
  const deliver = (faults: FaultPlan) => faults.strike('POST', '/api/v1/agents/deliver').map(({ kind }) => kind);

  it('strikes the calls it names, and counts', () => {
    const faults = plan('drop-after deliver #2; 503-before * every:3');
    expect([1, 2, 3].map(() => deliver(faults))).toEqual([[], ['drop-after'], ['503-before']]);
    expect(faults.strike('GET', '/api/v1/agents/me')).toEqual([]);
    expect(faults.list()).toEqual([
      { id: 'fault_1', rule: 'drop-after deliver #2', matched: 3, struck: 1 },
      { id: 'fault_2', rule: '503-before * every:3', matched: 4, struck: 1 },
    ]);
    expect(faults.clear()).toBe(2);
    expect(deliver(faults)).toEqual([]);
  });

  it('knows an operation by its path, not its prefix, and method', () => {
    const faults = plan('drop-after get_agent_job');
    expect(faults.strike('GET', '/api/v1/agents/jobs/job_1')).toHaveLength(1);
    expect(faults.strike('GET', '/api/v1/agents/jobs')).toHaveLength(0);
    expect(faults.strike('POST', '/api/v1/agents/jobs/job_1')).toHaveLength(0);
    expect(faults.strike('GET', '/api/v1/agents/jobs/job_1/accept')).toHaveLength(0);
  });

  it('draws the same lots for the same seed, about as often as it says', () => {
    const lots = (seed: string) =>
      Array.from(
        { length: 2000 },
        (
          (faults) => () =>
            deliver(faults).length
        )(plan('lossy', seed)),
      );
    expect(lots('a')).toEqual(lots('a'));
    expect(lots('a')).not.toEqual(lots('b'));
    const share = lots('a').filter(Boolean).length / 2000;
    expect(share).toBeGreaterThan(0.07);
    expect(share).toBeLessThan(0.13);
  });

  it('never strikes what steers the marketplace', () => {
    const faults = plan('drop-before *; drop-before DELETE /_local/*');
    expect(faults.strike('DELETE', '/_local/faults')).toEqual([]);
  });
});
