import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryHome } from '../support/mcp-clients.ts';
import { initialize, modern, type RawServer, spawnServer } from '../support/raw-server.ts';

/** The server process as a host sees it: what it prints, and when it goes. */
let home: ReturnType<typeof temporaryHome>;
const started: RawServer[] = [];

beforeEach(() => {
  home = temporaryHome();
});
afterEach(() => {
  for (const server of started.splice(0)) if (server.child.exitCode === null) server.child.kill('SIGKILL');
  home.remove();
});

// A port nobody listens on: the server must start and list its tools without the network.
const offline = () => ({ SOTA_HOME: home.path, SOTA_API_URL: 'http://127.0.0.1:9' });

function start(
  args: readonly string[] = [],
  env: Record<string, string> = {},
  nodeArgs: readonly string[] = [],
): RawServer {
  const server = spawnServer({ args, env: { ...offline(), ...env } }, nodeArgs);
  started.push(server);
  return server;
}

/** The bar hosts care about: a server that outlives its host by more than this is an orphan. */
async function goesWithinASecond(server: RawServer, cause: () => void): Promise<number | null> {
  const before = performance.now();
  cause();
  const { code, signal } = await server.exited;
  expect(signal).toBeNull();
  expect(performance.now() - before).toBeLessThan(1000);
  return code;
}

describe('starting', () => {
  it('answers initialize and tools/list with 37 tools, with no key and no network', async () => {
    const server = start();
    const answer = await server.request('initialize', initialize);
    expect(answer.result).toMatchObject({ protocolVersion: '2025-06-18', serverInfo: { name: 'sota-mcp' } });
    server.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    const { result } = await server.request('tools/list');
    expect(result?.tools).toHaveLength(37);
  });

  it('answers server/discover and tools/list of 2026-07-28', async () => {
    const server = start();
    const discovered = await server.request('server/discover', modern());
    expect(discovered.result).toMatchObject({ supportedVersions: expect.arrayContaining(['2026-07-28']) });
    const { result } = await server.request('tools/list', modern());
    expect(result?.tools).toHaveLength(37);
  });

  it('serves both after each other on one pipe: discover first, then initialize', async () => {
    const server = start();
    await server.request('server/discover', modern());
    expect((await server.request('initialize', initialize)).result).toMatchObject({ protocolVersion: '2025-06-18' });
  });
});

describe('stdout', () => {
  it('carries protocol messages only, whatever a library prints', async () => {
    const noise =
      'data:text/javascript,process.on("SIGUSR2",()=>{console.log("noise");process.stdout.write("half a line")})';
    const server = start([], {}, ['--import', noise]);
    await server.request('initialize', initialize);
    server.child.kill('SIGUSR2');
    await vi.waitFor(() => expect(server.stderr()).toContain('half a line'));
    await server.request('tools/list');
    await server.request('tools/call', { name: 'get_status', arguments: {} });
    for (const line of server.lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
    expect(server.stderr()).toContain('noise');
  });
});

describe('stdin', () => {
  it.each([
    ['text that is not JSON', 'hello there\n'],
    ['JSON that is no message', '{"a":1}\n[1,2]\n"x"\nnull\n42\n'],
    ['a megabyte of garbage', `${'x'.repeat(1_000_000)}\n`],
    ['an unfinished escape', '{"jsonrpc":"2.0","id":"\\u12\n'],
    ['empty lines', '\n\n\r\n'],
  ])('survives %s', async (_what, text) => {
    const server = start();
    await server.request('initialize', initialize);
    server.sendText(text);
    expect((await server.request('tools/list')).result?.tools).toHaveLength(37);
    for (const line of server.lines) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
  });

  it('takes a line of 12 MB and refuses what is in it by name', async () => {
    const server = start();
    await server.request('initialize', initialize);
    const answer = await server.request('tools/call', {
      name: 'read_doc',
      arguments: { topic: 'x'.repeat(12_000_000) },
    });
    expect(JSON.stringify(answer).length).toBeLessThan(40_000);
    expect((await server.request('tools/list')).result?.tools).toHaveLength(37);
  });
});

describe('going', () => {
  it('ends with 0 when stdin ends', async () => {
    const server = start();
    await server.request('initialize', initialize);
    expect(await goesWithinASecond(server, () => server.child.stdin?.end())).toBe(0);
  });

  it('ends when stdin ends before anything was said', async () => {
    const server = start();
    server.child.stdin?.end();
    expect((await server.exited).code).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends on %s', async (signal) => {
    const server = start();
    await server.request('initialize', initialize);
    expect(await goesWithinASecond(server, () => server.child.kill(signal))).toBe(0);
  });

  it('ends when nobody reads stdout any more', async () => {
    const server = start();
    await server.request('initialize', initialize);
    await goesWithinASecond(server, () => {
      server.child.stdout?.destroy();
      for (let id = 100; id < 110; id += 1) server.send({ jsonrpc: '2.0', id, method: 'tools/list', params: {} });
    });
  });

  it('ends with its embedded marketplace', async () => {
    const server = start(['--local']);
    await server.request('initialize', initialize);
    const { result } = await server.request('tools/call', { name: 'get_status', arguments: {} });
    expect(result?.isError).toBeFalsy();
    expect(await goesWithinASecond(server, () => server.child.stdin?.end())).toBe(0);
  });
});
