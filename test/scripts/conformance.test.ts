import { describe, expect, it } from 'vitest';
import { checkBaseline, readBaseline } from '../../scripts/conformance/baseline.ts';
import { startBridge } from '../../scripts/conformance/bridge.ts';
import { program, temporaryHome } from '../support/mcp-clients.ts';

describe('the baseline of the conformance suite', () => {
  const baseline = readBaseline();
  const all = [...baseline.passing, ...baseline.left_out].flatMap(({ scenarios }) => scenarios);

  it('names every scenario once, and notices those that come or go', () => {
    const known = [...new Set(all)];
    expect(checkBaseline(baseline, known)).toEqual([]);
    expect(checkBaseline(baseline, [...known, 'brand-new'])).toEqual(['brand-new is not in the baseline']);
    expect(
      checkBaseline(
        baseline,
        known.filter((name) => name !== 'caching'),
      ),
    ).toEqual(['the suite has no caching']);
  });
});

describe('the bridge', () => {
  const post = (url: string, message: object, headers: Record<string, string> = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    });

  it('carries both generations of the protocol to the shipped server', async () => {
    const home = temporaryHome();
    const env = { PATH: process.env.PATH ?? '', SOTA_HOME: home.path };
    const bridge = await startBridge(process.execPath, [program, '--local'], env);
    try {
      const opened = await post(bridge.url, {
        id: 'a',
        method: 'initialize',
        params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
      });
      expect(await opened.json()).toMatchObject({ id: 'a', result: { protocolVersion: '2025-11-25' } });
      const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
      expect((await post(bridge.url, { method: 'notifications/initialized' }, session)).status).toBe(202);
      const lists = await Promise.all(
        ['x', 'y'].map((id) =>
          post(bridge.url, { id, method: 'tools/list' }, session).then(
            async (answer) => (await answer.json()) as { id: string },
          ),
        ),
      );
      expect(lists.map(({ id }) => id)).toEqual(['x', 'y']);
      const modern = await post(bridge.url, {
        id: 1,
        method: 'server/discover',
        params: {
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {},
          },
        },
      });
      expect(await modern.json()).toMatchObject({ result: { supportedVersions: ['2026-07-28'] } });
      expect((await fetch(bridge.url, { method: 'DELETE', headers: session })).status).toBe(200);
      expect((await post(bridge.url, { id: 2, method: 'tools/list' }, session)).status).toBe(404);
    } finally {
      await bridge.close();
      home.remove();
    }
  });
});
