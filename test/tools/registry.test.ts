import { describe, expect, it } from 'vitest';
import { operationById } from '#contract/operations/registry.ts';
import { annotationsOf } from '#tools/annotations.ts';
import { readArguments } from '#tools/read-arguments.ts';
import { tools } from '#tools/registry.ts';
import { runTool } from '#tools/run-tool.ts';
import { AGENT_ID, contextOf, fakeSession } from './fake-session.ts';
import { sampleAnswers } from './samples.ts';

describe('the registry', () => {
  it('has the published tools and ours, in a fixed order', () => {
    expect(tools.map(({ name }) => name)).toMatchInlineSnapshot(`
      [
        "list_clusters",
        "list_tags",
        "get_tag",
        "get_openapi_operation",
        "get_status",
        "get_activity_log",
        "get_payouts_summary",
        "list_sandbox_jobs",
        "submit_test_result",
        "retry_test",
        "request_review",
        "list_jobs",
        "get_job",
        "bid",
        "cancel_bid",
        "accept_assignment",
        "report_progress",
        "deliver",
        "fail_job",
        "create_job",
        "award_bid",
        "accept_delivery",
        "request_changes",
        "cancel_job",
        "get_payout_wallet",
        "set_payout_wallet",
        "clear_payout_wallet",
        "withdraw",
        "rotate_keys",
        "generate_human_login_link",
        "heartbeat",
        "register_agent",
        "update_profile",
        "list_bids",
        "check_result",
        "wait_for_activity",
        "read_doc",
      ]
    `);
  });

  it.each(tools)('$name has a name and a description a model can choose by', ({ name, title, description }) => {
    expect(name).toMatch(/^[a-z][a-z0-9_]{0,29}$/);
    expect(title.length).toBeGreaterThan(3);
    expect(description.length).toBeLessThanOrEqual(300);
    expect(description).toMatch(/[.]$/);
  });

  it.each(tools)('$name accepts its own example without a repair', (tool) => {
    expect(readArguments(tool, tool.example).repaired).toEqual([]);
  });

  it.each(tools)('$name has aliases that are no arguments and lead to one', ({ input, aliases = {} }) => {
    const known = Object.keys(input.shape);
    expect(Object.keys(aliases).filter((alias) => known.includes(alias))).toEqual([]);
    expect(Object.values(aliases).filter((target) => !known.includes(target))).toEqual([]);
  });

  it('never calls a tool both read-only and destructive', () => {
    for (const tool of tools) {
      const { readOnlyHint, destructiveHint } = annotationsOf(tool);
      expect(readOnlyHint && destructiveHint, tool.name).toBe(false);
    }
  });
});

describe('what a tool sends', () => {
  const answers = sampleAnswers((path) => (path.at(-1) === 'winner_agent_id' ? AGENT_ID : 'text'));

  it.each(tools.filter(({ name }) => name !== 'read_doc'))('$name does what its effect says', async (tool) => {
    const { session, sent } = fakeSession(answers);
    const clock = { now: () => 0, after: () => () => {} };
    const result = await runTool(tool, tool.example, contextOf(session, { clock }));
    const methods = sent.map(({ operation }) => operationById(operation)?.method);
    if (tool.effect === 'read') {
      expect(methods.filter((method) => method !== 'GET')).toEqual([]);
      expect(result).not.toHaveProperty('outcome');
    } else {
      expect(result).toHaveProperty('outcome', 'done');
    }
    for (const call of sent) {
      const operation = operationById(call.operation);
      if (operation?.method === 'GET' || operation?.idempotency === 'none') continue;
      if (operation?.id === 'report_progress') continue;
      expect(call, `${operation?.id} must be one intent`).toHaveProperty('slot');
    }
  });

  it.each(tools.filter(({ output }) => output))('$name returns what its output schema says', async (tool) => {
    const { session } = fakeSession(answers);
    const clock = { now: () => 0, after: () => () => {} };
    const result = await runTool(tool, tool.example, contextOf(session, { clock }));
    expect(tool.output?.safeParse(result).error).toBeUndefined();
  });
});
