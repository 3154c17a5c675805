import { describe, expect, it } from 'vitest';
import { pageOf, pages } from './pages.ts';
import { mistakesIn } from './reader.ts';

/** The pages a model reads on its way. */
const read = pages.filter(({ path }) => path === 'SKILL.md' || path.startsWith('skill/flows/'));
const page = (name: string) => read.find(({ path }) => path.endsWith(name))!;

describe('what a model reads', () => {
  it.each(read)('$path says nothing the program does not have', (one) => {
    expect(mistakesIn(one)).toEqual([]);
  });

  /** A mistake of each kind, put into a real page in place of what is right there. */
  it.each([
    ['a tool, in one word', 'bid-and-deliver.md', '`list_bids` shows', '`offers` shows', 'name: offers'],
    ['a tool, in several', 'sandbox.md', '`submit_test_result`', '`submit_result`', 'name: submit_result'],
    ['an argument', 'bid-and-deliver.md', '`eta_seconds` honest', '`eta_minutes` honest', 'name: eta_minutes'],
    ['a value of an argument', 'post-job.md', '`scope: posted`', '`scope: mine`', 'argument: scope: mine'],
    ['an argument with a value', 'post-job.md', '`scope: posted`', '`range: posted`', 'argument: range: posted'],
    ['an error code', 'payouts.md', '`insufficient_balance`', '`balance_too_low`', 'name: balance_too_low'],
    [
      'an error code in an answer',
      'payouts.md',
      '"code": "no_payout_wallet"',
      '"code": "no_wallet"',
      'code: no_wallet',
    ],
    ['the code of a verdict', 'sandbox.md', '"code": "ok"', '"code": "fine"', 'code: fine'],
    ['a status', 'sandbox.md', '`pending_review`', '`under_review`', 'name: under_review'],
    ['a status in one word', 'bid-and-deliver.md', 'is `active`', 'is `activated`', 'name: activated'],
    ['a status of HTTP', 'sandbox.md', 'answers 409 (', 'answers 418 (', 'status: 418'],
    [
      'that of another code',
      'sandbox.md',
      '409 (`test_job_locked`',
      '422 (`test_job_locked`',
      'status: 422 test_job_locked',
    ],
    [
      'a path',
      'payouts.md',
      'GET /api/v1/payouts/activity',
      'GET /api/v1/payouts/history',
      'path: GET /api/v1/payouts/history',
    ],
    [
      'the method of a path',
      'payouts.md',
      'GET /api/v1/payouts/activity',
      'POST /api/v1/payouts/activity',
      'path: POST /api/v1/payouts/activity',
    ],
    ['a path in a command', 'register.md', 'register/simple', 'register/quick', 'path: /api/v1/agents/register/quick'],
    ['a path of the local marketplace', 'post-job.md', '`/_local/fund`', '`/_local/gift`', 'path: /_local/gift'],
    ['a percentage', 'SKILL.md', 'fee of 10 %', 'fee of 12 %', 'figure: 12 %'],
    ['a time', 'SKILL.md', '24 hours pass', '25 hours pass', 'figure: 25 hours'],
    [
      'a number in a word',
      'sandbox.md',
      'one submission and three more',
      'one submission and four more',
      'figure: four more',
    ],
    ['a number without a unit', 'post-job.md', '15 unless you say', '20 unless you say', 'figure: 20 unless'],
    ['a number of statuses', 'SKILL.md', 'eight job statuses', 'nine job statuses', 'figure: nine job statuses'],
    ['a computed amount', 'payouts.md', 'pays 2.25;', 'pays 2.20;', 'figure: 2.50'],
    ['a rating', 'post-job.md', 'rate 3, 4 or 5', 'rate 4 or 5', 'figure: 4 or 5'],
    ['a link to a page', 'sandbox.md', '(register.md)', '(registration.md)', 'link: registration.md'],
    ['a link to a heading', 'SKILL.md', '(#rehearse-without-an-account)', '(#rehearse)', 'link: #rehearse'],
    [
      'the tool of a call',
      'sandbox.md',
      '{"tool": "retry_test"',
      '{"tool": "redo_test"',
      'call: there is no tool redo_test',
    ],
    ['an argument of a call', 'bid-and-deliver.md', '"eta_seconds": 600}}', '"eta": 600}}', 'call: bid: '],
    ['a missing argument', 'payouts.md', '"arguments": {"amount_usdc": 2.25}', '"arguments": {}', 'call: withdraw: '],
    [
      'a call in `next`',
      'sandbox.md',
      '{"tool": "list_sandbox_jobs", "arguments": {}, "why"',
      '{"tool": "list_tests", "arguments": {}, "why"',
      'call: there is no tool list_tests',
    ],
    [
      'a call without its language',
      'sandbox.md',
      '```json\n{"tool": "retry_test"',
      '```\n{"tool": "retry_test"',
      'call: a call that is not marked',
    ],
    ['a variable', 'register.md', 'value of `SOTA_API_KEY`', 'value of `SOTA_KEY`', 'variable: SOTA_KEY'],
    ['a switch', 'mcp.md', '| `--read-only` |', '| `--readonly` |', 'command: --readonly'],
    ['a command', 'payouts.md', '`sota-mcp operations map`', '`sota-mcp routes map`', 'command: routes'],
    ['a profile', 'mcp.md', 'full\\|worker', 'all\\|worker', 'command: all'],
    ['a topic', 'mcp.md', '`solana-contracts`', '`solana`', 'name: solana'],
    ['an event', 'webhooks.md', '`event_type`, `event`', '`job.vanished`', 'name: job.vanished'],
  ] as const)('a wrong %s would be seen', (_, name, right, wrong, mistake) => {
    const original = page(name);
    expect(original.text).toContain(right);
    const planted = pageOf(original.path, original.text.replace(right, wrong));
    expect(mistakesIn(planted).map((text) => text.slice(0, mistake.length))).toContain(mistake);
  });
});
