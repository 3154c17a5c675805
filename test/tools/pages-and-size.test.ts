import { describe, expect, it } from 'vitest';
import { fitResult, MAX_RESULT_CHARS } from '#tools/fit-result.ts';
import { readCursor, takePage } from '#tools/paging.ts';
import { tools } from '#tools/registry.ts';
import { runTool } from '#tools/run-tool.ts';
import { AGENT_ID, contextOf, fakeSession } from './fake-session.ts';

const tool = (name: string) => tools.find((candidate) => candidate.name === name)!;
const jobOf = (id: string, extra = {}) => ({
  id,
  title: 'T',
  description: 'd'.repeat(5_000),
  parameters: { blob: 'p'.repeat(30_000) },
  budget_usdc: 5,
  tags: ['x'],
  status: 'bidding',
  created_at: '2026-01-01T00:00:00Z',
  ...extra,
});

describe('pages', () => {
  it('walk through every row once, whatever the size of the rows', () => {
    const rows = Array.from({ length: 53 }, (_, index) => ({ index, text: 'x'.repeat((index % 7) * 1_500) }));
    const seen: number[] = [];
    let cursor: string | undefined = '0~';
    while (cursor !== undefined) {
      const page: ReturnType<typeof takePage<(typeof rows)[number]>> = takePage(rows, readCursor(cursor), 20);
      seen.push(...page.rows.map(({ index }) => index));
      expect(JSON.stringify(page.rows).length).toBeLessThan(MAX_RESULT_CHARS);
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(rows.map(({ index }) => index));
  });

  it('go on with the cursor of the marketplace when its page is used up', () => {
    expect(takePage([1, 2], readCursor('0~abc'), 5, 'def').nextCursor).toBe('0~def');
    expect(takePage([1, 2, 3], readCursor('0~abc'), 2, 'def').nextCursor).toBe('2~abc');
    expect(readCursor('2~abc')).toEqual({ skip: 2, origin: 'abc' });
  });

  it('refuse what is no cursor', () => {
    expect(() => readCursor('page two')).toThrow(/not a cursor/);
  });
});

describe('the size of results', () => {
  it.each([
    ['one huge text', { a: 'x'.repeat(500_000) }],
    ['many texts', { rows: Array.from({ length: 400 }, (_, id) => ({ id, text: 'y'.repeat(900) })) }],
    ['escapes that grow in JSON', { a: '"'.repeat(90_000) }],
    ['nothing to cut', { small: 1, rows: Array.from({ length: 20_000 }, (_, id) => ({ id })) }],
  ])('stays below what hosts cut: %s', (_what, result) => {
    const fitted = fitResult(result);
    expect(JSON.stringify(fitted).length).toBeLessThanOrEqual(40_000);
    expect(fitted).toHaveProperty('shortened', true);
  });

  it('leaves a result that fits alone', () => {
    const result = { a: 'x'.repeat(1_000) };
    expect(fitResult(result)).toBe(result);
  });

  it('lists a hundred large jobs in pages, shortened, and get_job has the rest in parts', async () => {
    const jobs = Array.from({ length: 100 }, (_, index) => jobOf(`job-${index}`));
    const { session } = fakeSession({
      list_agent_jobs: () => ({ jobs }),
      get_agent_job: () => jobs[3],
    });
    const context = contextOf(session);
    const list = await runTool(tool('list_jobs'), { limit: 100 }, context);
    expect(JSON.stringify(list).length).toBeLessThan(40_000);
    const [first] = list.jobs as { description: string; more: string }[];
    expect(first!.more).toBe('get_job has all of: parameters, description');

    const job = await runTool(tool('get_job'), { job_id: 'job-3' }, context);
    expect(JSON.stringify(job).length).toBeLessThan(40_000);
    const { parameters } = job.parts as Record<string, { total_chars: number; next_cursor: string }>;
    let text = '';
    let cursor: string | undefined = parameters!.next_cursor;
    while (cursor) {
      const part = (await runTool(tool('get_job'), { job_id: 'job-3', cursor }, context)) as {
        json_part: string;
        next_cursor?: string;
      };
      text += part.json_part;
      cursor = part.next_cursor;
    }
    expect(JSON.parse(text)).toEqual(jobs[3]!.parameters);
  });
});

describe('what to do next', () => {
  it('offers check_result before deliver, with the arguments filled in', async () => {
    const { session } = fakeSession({
      get_agent_job: () => jobOf('job-1', { status: 'executing', winner_agent_id: AGENT_ID, parameters: {} }),
    });
    const { next } = await runTool(tool('get_job'), { job_id: 'job-1' }, contextOf(session));
    expect((next as { tool: string }[]).map((call) => call.tool)).toEqual(['check_result', 'deliver', 'fail_job']);
    expect((next as { arguments: unknown }[])[0]!.arguments).toEqual({ job_id: 'job-1', result: '<your result>' });
  });

  it('suggests no tool that is switched off', async () => {
    const { session } = fakeSession({ get_agent_job: () => jobOf('job-1', { parameters: {} }) });
    const activeTools = new Set(['get_job', 'list_jobs']);
    expect(await runTool(tool('get_job'), { job_id: 'job-1' }, contextOf(session, { activeTools }))).not.toHaveProperty(
      'next',
    );
  });
});
