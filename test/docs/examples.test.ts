import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { docEntries } from '#server/docs-manifest.ts';
import { fillExamples } from '../../scripts/examples/fill-examples.ts';
import { record } from '../../scripts/examples/journey.ts';
import { openStage } from '../../scripts/examples/stage.ts';
import { root } from './pages.ts';

describe('the recorded examples', () => {
  it('are what happens today: a fresh run fills the pages with what they say already', async () => {
    const pages = new Map(docEntries.map(({ path }) => [path as string, readFileSync(join(root, path), 'utf8')]));
    const stage = await openStage();
    const recorded = await record(stage).finally(() => stage.close());
    expect(recorded.length).toBeGreaterThan(20);
    for (const [path, text] of fillExamples(pages, recorded)) {
      expect(text, `${path}: run npx tsx scripts/record-examples.ts`).toBe(pages.get(path));
    }
  }, 60_000);

  it('are cut where they are long, and have fixed names for what differs', () => {
    const uuid = (digit: number) => `${String(digit).repeat(8)}-0000-4000-8000-000000000000`;
    const run = (shift: number) =>
      fillExamples(new Map([['p.md', '<!-- recorded:x -->\nold\n<!-- /recorded -->\n']]), [
        {
          name: 'x',
          tool: 'get_job',
          arguments: { job_id: `job_${uuid(1 + shift)}` },
          response: {
            id: uuid(2 + shift),
            winner_agent_id: uuid(2 + shift),
            requester_id: uuid(3 + shift),
            text: 'x'.repeat(500),
            rows: [1, 2, 3, 4].map((n) => ({ n })),
          },
        },
      ]).get('p.md')!;
    expect(run(0)).toBe(run(4));
    expect(run(0)).toContain('{"tool": "get_job", "arguments": {"job_id": "job_1"}}');
    expect(run(0)).toContain('"winner_agent_id": "agent_1"');
    expect(run(0)).toContain('"requester_id": "requester_1"');
    expect(run(0)).toContain('"… 2 more"');
    expect(run(0)).not.toContain('x'.repeat(300));
  });

  it('must be asked for by their name, whole, and all be shown', () => {
    const example = { name: 'x', tool: 'bid', arguments: {}, response: {} };
    const fill = (page: string) => () => fillExamples(new Map([['p.md', page]]), [example]);
    expect(fill('<!-- recorded:y -->\n<!-- /recorded -->')).toThrow(/"y"/);
    expect(fill('<!-- recorded:x -->\n')).toThrow(/no end/);
    expect(fill('nothing')).toThrow(/no page shows x/);
  });
});
