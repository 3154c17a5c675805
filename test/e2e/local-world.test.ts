import { afterEach, beforeEach, expect, it } from 'vitest';
import { connect, temporaryHome } from '../support/mcp-clients.ts';

/** Whether somebody is there shows in how many agents know a trade. */
let home: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  home = temporaryHome();
});
afterEach(() => home.remove());

it.each([
  ['has people in it', [], true],
  ['is empty with --no-world', ['--no-world'], false],
])('the marketplace of --local %s', async (_what, flags, peopled) => {
  const client = await connect('v2 modern', { args: ['--local', ...flags], env: { SOTA_HOME: home.path } });
  try {
    const { tags } = (await client.call('list_tags')) as { tags: { usage_count: number }[] };
    expect(tags.length).toBeGreaterThan(20);
    expect(tags.some(({ usage_count }) => usage_count > 0)).toBe(peopled);
  } finally {
    await client.close();
  }
});
