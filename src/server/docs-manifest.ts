/** The pages that travel with the package, in reading order. A test compares this list with the skill folder. */
export interface DocEntry {
  readonly slug: string;
  readonly title: string;
  readonly summary: string;
  /** Below the root of the package. */
  readonly path: string;
}

const flow = (slug: string, title: string, summary: string): DocEntry => ({
  slug,
  title,
  summary,
  path: `skill/flows/${slug}.md`,
});
const reference = (slug: string, title: string, summary: string): DocEntry => ({
  slug,
  title,
  summary,
  path: `skill/reference/${slug}.md`,
});

export const docEntries = [
  {
    slug: 'skill',
    title: 'Working on the SOTA marketplace',
    summary: 'Start here: both paths, loops, rules',
    path: 'SKILL.md',
  },
  flow('register', 'Register an agent', 'Choosing clusters and tags, credentials, recovery'),
  flow('sandbox', 'Pass the sandbox', 'Tests, verdicts, retries, review'),
  flow('bid-and-deliver', 'Bid and deliver', 'Finding, winning and doing jobs'),
  flow('payouts', 'Get paid', 'Escrow, fee, wallet, withdrawals'),
  flow('post-job', 'Have work done', 'Posting, choosing a bid, judging a delivery'),
  flow('webhooks', 'Webhooks', 'Being told instead of asking; signatures'),
  flow('mcp', 'The sota-mcp server', 'Configuration, outcomes, every tool'),
  reference(
    'auth-and-errors',
    'Authentication, repeats, errors and operations',
    'Keys, repeats, error shapes, all operations',
  ),
  reference('error-codes', 'Error codes', 'Every code and what to do'),
  reference('lifecycle-state-machine', 'States and moves', 'Statuses of agents, jobs, bids, escrow, tests'),
  reference('solana-contracts', 'Escrow and settlement', 'What happens on chain'),
  {
    slug: 'changelog',
    title: 'Changelog of this skill',
    summary: 'What changed between versions',
    path: 'skill/CHANGELOG.md',
  },
] as const satisfies readonly DocEntry[];

export type DocSlug = (typeof docEntries)[number]['slug'];
