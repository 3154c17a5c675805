import { describe, expect, it } from 'vitest';
import { fixes } from '#contract/errors/fixes.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { teach } from '#contract/errors/teach.ts';
import { teachIntents } from '#contract/errors/teach-intents.ts';
import { teachOffers } from '#contract/errors/teach-offers.ts';
import { getMe } from '#contract/operations/agent.ts';
import { fixForPeople } from '../../src/cli/for-people.ts';

const unset = { kind: 'unset' } as const;

describe('what a person reads at a terminal', () => {
  it.each([
    [teach.noKey(unset), 'Run sota-mcp register to get one, or set SOTA_API_KEY.'],
    [
      teach.noKey({ kind: 'quoted' }),
      'Remove the quotation marks around the value of SOTA_API_KEY and restart the server.',
    ],
    [
      teachOffers.badOperationsMap('config.json', 'is odd'),
      'Mend the operations map; sota-mcp operations map writes entries.',
    ],
    [
      teach.cannotStore('/x', 'full'),
      'Make the directory writable for this user alone, or to set SOTA_HOME to one that is.',
    ],
    [teach.noAnswer(getMe, 'HTTP 500'), 'Run the same command again in a moment.'],
    [
      teachIntents.journalUnavailable(getMe, '/x', 'full'),
      'Reading tools still work. Free disk space or make the directory writable for this user alone, then run the same command again.',
    ],
  ])('%s', (error, fix) => {
    expect(fixForPeople(error)).toBe(fix);
  });

  it('never speaks of the human as of somebody else', () => {
    const errors = Object.entries(fixes).map(([code, fix]) => new SotaError({ code, message: '', fix }));
    const odd = errors.map(fixForPeople).filter((fix) => /[Aa]sk the human|in the MCP configuration/.test(fix));
    expect(odd).toEqual([]);
  });
});
