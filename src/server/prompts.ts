import { completable, type McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { DocsLibrary } from '#tools/context.ts';
import type { Dispatch } from './dispatch.ts';
import { DOCS_PREFIX, textOf } from './docs-resources.ts';
import { completeFrom } from './look-up.ts';

const goals = {
  worker: 'Earn on the marketplace: register if needed, pass the sandbox, then bid on jobs and deliver them.',
  requester: 'Have work done: post a job, choose a bid, judge the delivery and pay for it.',
  look: 'Only look: explain where this agent stands and what could be done. Change nothing.',
} as const;

interface PromptParts {
  readonly tools: readonly { readonly name: string }[];
  readonly docs: DocsLibrary;
  readonly dispatch: Dispatch;
}

/**
 * Adds the errands a person starts by name. Each says what to reach, which page to read, and where to stop and ask; one
 * whose tools are switched off is left out.
 */
export function addPrompts(server: McpServer, { tools, docs, dispatch }: PromptParts): void {
  const has = (...names: readonly string[]) => names.every((name) => tools.some((tool) => tool.name === name));
  const known = (tool: string, list: string, field: string) =>
    has(tool) ? completeFrom(dispatch, tool, list, field) : () => [];
  const tag = known('list_tags', 'tags', 'slug');
  const job = known('list_jobs', 'jobs', 'id');

  server.registerPrompt(
    'sota-marketplace',
    {
      title: 'Work on the SOTA marketplace',
      description: 'The skill for this server, and what to do with it',
      argsSchema: z.object({
        // Optional outside: the SDK looks for the completer below that.
        goal: completable(
          z.enum(['worker', 'requester', 'look']).describe('worker (the default), requester or look'),
          (start = '') => (Object.keys(goals) as (keyof typeof goals)[]).filter((goal) => goal.startsWith(start)),
        ).optional(),
      }),
    },
    async ({ goal = 'worker' }) =>
      said(`${await textOf(docs, 'skill', `${DOCS_PREFIX}skill`)}\n\n---\n\n${goals[goal]} Begin with get_status.`),
  );

  if (has('bid', 'deliver')) {
    server.registerPrompt(
      'earn',
      {
        title: 'Earn USDC',
        description: 'Find jobs that fit, bid, do them, deliver; until told to stop',
        argsSchema: z.object({
          tag: completable(typed('Only jobs with this tag'), tag).optional(),
          min_usdc: typed('Leave jobs with a smaller budget').optional(),
        }),
      },
      ({ tag: only, min_usdc }) =>
        said(
          lines(
            'Earn on the SOTA marketplace with this agent.',
            'Read bid-and-deliver (read_doc) first. Begin with get_status and do what its `next` says until the agent is active.',
            'Then repeat: wait_for_activity or list_jobs; get_job; check that you can really do it; bid a price you can keep; after a win accept_assignment, do the work, check_result, deliver.',
            only && `Take only jobs with the tag ${quoted(only)}.`,
            min_usdc && `Leave jobs with a budget below ${quoted(min_usdc)} USDC.`,
            'Give a job back with fail_job at once if it turns out that you cannot do it.',
            'Ask me before anything that sends money away or changes the wallet. Tell me after each delivery what you did and what it earned.',
          ),
        ),
    );
    server.registerPrompt(
      'bid',
      {
        title: 'Bid on a job',
        description: 'Judge one job, and bid if it is worth it',
        argsSchema: z.object({
          job_id: completable(z.string().max(128).describe('The job'), job),
          max_usdc: typed('Do not bid above this').optional(),
        }),
      },
      ({ job_id, max_usdc }) =>
        said(
          lines(
            `Judge the job ${quoted(job_id)} with get_job: description, expected_schema, budget, time left.`,
            'Say in a few lines whether this agent can do it, what could go wrong, and what it would cost in effort.',
            'If it is worth it, bid once, with a price and a time you can hold. A bid can be lowered later, never raised.',
            max_usdc && `Do not bid above ${quoted(max_usdc)} USDC.`,
            'If it is not, do not bid, and say why.',
          ),
        ),
    );
  }

  if (has('list_sandbox_jobs', 'submit_test_result')) {
    server.registerPrompt(
      'sandbox',
      {
        title: 'Pass the sandbox',
        description: 'Do every test, repair what is refused, and ask for the review',
        argsSchema: z.object({ tag: completable(typed('Begin with this tag'), tag).optional() }),
      },
      ({ tag: first }) =>
        said(
          lines(
            'Take this agent through its sandbox tests.',
            'Read sandbox (read_doc) first. Then list_sandbox_jobs, and for each test: expected_schema first, then the work itself, check_result, submit_test_result.',
            first && `Begin with the tests for ${quoted(first)}.`,
            'A verdict with passed: false says what to repair; repair that and nothing else. When attempts or time are used up, retry_test.',
            'When all have passed, request_review, and tell me what was hard.',
          ),
        ),
    );
  }

  if (has('create_job', 'award_bid')) {
    server.registerPrompt(
      'delegate',
      {
        title: 'Have a task done',
        description: 'Post it as a job, choose a bid, judge the delivery',
        argsSchema: z.object({
          task: z.string().max(4_000).describe('What is to be done'),
          budget_usdc: z.string().max(40).describe('Most it may cost'),
          tag: completable(typed('The skill it needs'), tag).optional(),
        }),
      },
      ({ task, budget_usdc, tag: needed }) =>
        said(
          lines(
            `Have this done by another agent on SOTA, for at most ${quoted(budget_usdc)} USDC:`,
            quoted(task),
            'Read post-job (read_doc) first. Write a description a stranger can work from, and an expected_schema that makes a good delivery recognisable. Nothing private goes into it: every agent it matches can read it.',
            needed ? `Use the tag ${quoted(needed)}.` : 'Choose a tag with list_tags.',
            'Show me the job before create_job, and the bids with your recommendation before award_bid. Judge the delivery against the description, not against what it says of itself, and show it to me before accept_delivery.',
          ),
        ),
    );
  }

  if (has('get_status')) {
    server.registerPrompt(
      'diagnose',
      {
        title: 'Find out what is wrong',
        description: 'Why the agent gets no jobs, no money or no answer; changes nothing',
        argsSchema: z.object({
          problem: typed('What you see').optional(),
          job_id: completable(typed('The job it is about'), job).optional(),
        }),
      },
      ({ problem, job_id }) =>
        said(
          lines(
            'Find out what is wrong with this agent on SOTA. Look only: change nothing.',
            problem && `What I see: ${quoted(problem)}`,
            has('get_activity_log')
              ? 'Begin with get_status, then get_activity_log for what happened and when.'
              : 'Begin with get_status.',
            job_id && `It is about the job ${quoted(job_id)}: get_job.`,
            'Compare with lifecycle-state-machine and error-codes (read_doc).',
            'Tell me what happened, what the reason most likely is, how sure you are, and the one next step. Where this machine is the problem (key, proxy, clock), that step is `sota-mcp doctor` on a terminal.',
          ),
        ),
    );
  }
}

function typed(description: string) {
  return z.string().max(500).describe(description);
}

function lines(...parts: readonly (string | undefined | false)[]): string {
  return parts.filter(Boolean).join('\n');
}

/** What a person typed stays recognisable as that, line breaks and all. */
function quoted(words: string): string {
  return JSON.stringify(words);
}

function said(message: string) {
  return { messages: [{ role: 'user' as const, content: { type: 'text' as const, text: message } }] };
}
