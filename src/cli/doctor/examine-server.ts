import { openSession, type Result, type StdioClient, startServer } from '../stdio-client.ts';
import { type Finding, ok, problem } from './finding.ts';

const TIMEOUT_MS = 15_000;
const MODERN = '2026-07-28';

/**
 * Starts the server as a host does and lets it answer in both generations of the protocol. Nothing but the two lists is
 * asked for, so it neither registers nor sends anything.
 */
export async function examineServer(script: string, options: readonly string[]): Promise<Finding> {
  const started = performance.now();
  try {
    const fresh = await withServer(script, options, async (client) => {
      await client.request('server/discover', { _meta: ENVELOPE });
      return toolsOf(await client.request('tools/list', { _meta: ENVELOPE }));
    });
    const old = await withServer(script, options, async (client) => {
      await openSession(client, 'doctor');
      return toolsOf(await client.request('tools/list'));
    });
    const ms = Math.round(performance.now() - started);
    if (!fresh || fresh !== old) throw new Error('its two protocol generations list different tools');
    return ok('server', `It starts and answers in both protocol generations with ${fresh} tools (twice in ${ms} ms).`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return problem(
      'server',
      `The server does not answer as it should: ${reason}.`,
      'Reinstall sota-mcp; in a clone, run npm run build.',
    );
  }
}

/** What a request of the newer generation carries, which has no handshake. */
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientCapabilities': {},
};

async function withServer<T>(
  script: string,
  options: readonly string[],
  use: (client: StdioClient) => Promise<T>,
): Promise<T> {
  const args = [...process.execArgv, script, ...options];
  const client = startServer({ args, timeoutMs: TIMEOUT_MS, stderr: 'pipe' });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

function toolsOf({ tools }: Result): number {
  return Array.isArray(tools) ? tools.length : 0;
}
