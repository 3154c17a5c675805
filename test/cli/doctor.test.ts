import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { examineKey, examineProxy, examineStateDirectory } from '../../src/cli/doctor/examine-machine.ts';
import { examineClock } from '../../src/cli/doctor/examine-market.ts';
import { fakeOrigin } from '../support/fake-origin.ts';
import { startTestMarket, type TestMarket } from '../support/market.ts';
import { temporaryHome } from '../support/mcp-clients.ts';
import { runCli } from './run-cli.ts';

let market: TestMarket;
let home: ReturnType<typeof temporaryHome>;
beforeAll(async () => {
  market = await startTestMarket();
});
afterAll(() => market.close());
beforeEach(() => {
  home = temporaryHome();
});
afterEach(() => home.remove());

interface Finding {
  check: string;
  result: string;
  says: string;
  details?: Record<string, unknown>;
}

async function doctor(args: readonly string[], env: Record<string, string> = {}) {
  const result = await runCli(['doctor', '--json', ...args], { env: { SOTA_HOME: home.path, ...env } });
  const findings = result.json.findings as Finding[];
  return {
    ...result,
    of: (check: string) => findings.find((finding) => finding.check === check),
    problems: findings.filter((finding) => finding.result === 'problem').map(({ check }) => check),
  };
}

describe('sota-mcp doctor', () => {
  it('finds nothing wrong with a good set-up, and sends nothing with --offline', async () => {
    const { key } = await market.agent('healthy');
    const { of, status } = await doctor(['--api-url', market.url, '--offline'], { SOTA_API_KEY: key });
    expect(of('server')).toMatchObject({ result: 'ok', says: expect.stringContaining('37 tools') });
    expect(of('state directory')?.details).toMatchObject({ link: 'ok', rename: 'ok', fsync: 'ok', lock: 'ok' });
    expect(of('identity')).toBeUndefined();
    expect(status).toBe(0);
  });

  it('knows the agent, and finds what a marketplace does not offer', async () => {
    const { key } = await market.agent('drifting');
    const document = (await (await fetch(`${market.url}/api/v1/openapi.json`)).json()) as {
      paths: Record<string, unknown>;
    };
    const { '/api/v1/payouts/withdraw': withdraw, ...paths } = document.paths;
    const origin = await fakeOrigin();
    const renamed = { ...document, paths: { ...paths, '/api/v1/payouts/withdrawals': withdraw } };
    origin.on('GET /api/v1/openapi.json', { json: renamed });
    origin.on('GET /api/v1/agents/me', { json: { id: 'a1', name: 'drifting', status: 'active', capabilities: [] } });
    const { of } = await doctor(['--api-url', origin.url], { SOTA_API_KEY: key });
    expect(of('identity')?.says).toContain('drifting');
    const { missing } = of('contract')?.details as { missing: { operation: string; proposals: { path: string }[] }[] };
    expect(missing.find(({ operation }) => operation === 'withdraw')?.proposals[0]?.path).toBe(
      '/api/v1/payouts/withdrawals',
    );
    expect(JSON.stringify(of('contract'))).not.toContain(key);
  });

  it('names a key the host did not expand, a wrong clock, and an origin that does not answer', async () => {
    const origin = await fakeOrigin();
    origin.on('GET /api/v1/openapi.json', {
      json: { paths: {} },
      headers: { date: new Date(Date.now() + 3_600_000).toUTCString() },
    });
    const wrong = await doctor(['--api-url', origin.url], { SOTA_API_KEY: '${SOTA_API_KEY}' });
    expect(wrong.problems).toEqual(expect.arrayContaining(['key', 'clock']));
    expect(wrong.of('key')?.says).toContain('${SOTA_API_KEY}');
    expect(wrong.status).toBe(1);
    await origin.close();
    const gone = await doctor(['--api-url', origin.url]);
    expect(gone.of('reachability')).toMatchObject({ result: 'problem', says: expect.stringContaining('ECONNREFUSED') });
    expect(gone.of('contract')).toBeUndefined();
  });
});

describe('what it looks at', () => {
  it.each([
    [undefined, undefined, 'problem'],
    [undefined, 'sk_live_0123…', 'ok'],
    ['sk_live_0123456789abcdef', undefined, 'ok'],
    ['', undefined, 'problem'],
    ['${env:SOTA_API_KEY}', undefined, 'problem'],
    ['${env:SOTA_API_KEY}', 'sk_live_0123…', 'note'],
    ['"sk_live_0123456789abcdef"', undefined, 'problem'],
    ['Bearer x', undefined, 'problem'],
  ])('key %j with stored %j: %s', (value, stored, result) => {
    expect(examineKey(value === undefined ? {} : { SOTA_API_KEY: value }, stored).result).toBe(result);
  });

  it('allows for the way and the whole seconds of a Date header', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    const at = (offset: number) => new Date(now + offset).toUTCString();
    expect(examineClock(at(0), now - 20_000, now + 5_000).result).toBe('ok');
    expect(examineClock(at(120_000), now, now)).toMatchObject({
      result: 'problem',
      says: expect.stringMatching(/120 s behind/),
    });
    expect(examineClock(at(-120_000), now, now)).toMatchObject({ says: expect.stringMatching(/119 s ahead/) });
    expect(examineClock(null, now, now).result).toBe('skipped');
  });

  it('names the proxy without its password, and certificates that are not there', async () => {
    const env = { HTTPS_PROXY: 'http://ada:secret@proxy:3128', NODE_EXTRA_CA_CERTS: join(home.path, 'none.pem') };
    const [proxy, certificates] = await examineProxy('https://api.sota.market', env);
    expect(proxy).toMatchObject({ result: 'ok', says: expect.stringContaining('proxy:3128') });
    expect(proxy!.says).not.toContain('secret');
    expect(certificates).toMatchObject({ result: 'problem', says: expect.stringContaining('none.pem') });
    const [, unsafe] = await examineProxy('https://x.test', { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    expect(unsafe!.result).toBe('problem');
  });

  it('does not rely on a state directory that is a link or closed', async () => {
    const real = join(home.path, 'real');
    mkdirSync(real);
    symlinkSync(real, join(home.path, 'link'));
    expect((await examineStateDirectory(join(home.path, 'link'))).result).toBe('problem');
    writeFileSync(join(home.path, 'file'), '');
    expect((await examineStateDirectory(join(home.path, 'file'))).result).toBe('problem');
    chmodSync(real, 0o755);
    expect((await examineStateDirectory(real)).result).toBe('ok');
  });
});
