import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Finding, ok, problem } from './finding.ts';

const TIMEOUT_MS = 15_000;
const MODERN = '2026-07-28';
const LEGACY = '2025-11-25';

/**
 * Starts the server as a host does and lets it answer in both generations of the protocol. Nothing but the two lists is
 * asked for, so it neither registers nor sends anything.
 */
export async function examineServer(script: string, options: readonly string[]): Promise<Finding> {
  const started = performance.now();
  try {
    const modern = await talk(script, options, [
      { id: 1, method: 'server/discover', params: { _meta: envelope } },
      { id: 2, method: 'tools/list', params: { _meta: envelope } },
    ]);
    const legacy = await talk(script, options, [
      {
        id: 1,
        method: 'initialize',
        params: { protocolVersion: LEGACY, capabilities: {}, clientInfo: { name: 'doctor', version: '1' } },
      },
      { id: 2, method: 'tools/list' },
    ]);
    const ms = Math.round(performance.now() - started);
    const [fresh, old] = [modern, legacy].map((answers) => (answers[1]?.tools as unknown[] | undefined)?.length);
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

const envelope = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientCapabilities': {},
};

interface Message {
  readonly id: number;
  readonly method: string;
  readonly params?: unknown;
}

type Result = Readonly<Record<string, unknown>>;

/** Sends the requests one after the other and returns their results. */
function talk(script: string, options: readonly string[], messages: readonly Message[]): Promise<Result[]> {
  const child = spawn(process.execPath, [...process.execArgv, script, ...options], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const results: Result[] = [];
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk).slice(-500);
  });
  child.stdin.on('error', () => undefined);
  const ask = (index: number) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...messages[index] })}\n`);
  return new Promise<Result[]>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${stderr.trim()}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      let answer: { id?: number; result?: Result; error?: { message?: string } };
      try {
        answer = JSON.parse(line);
      } catch {
        return reject(new Error(`it wrote something else than messages: ${line.slice(0, 80)}`));
      }
      if (answer.error) return reject(new Error(answer.error.message ?? 'it answered with an error'));
      if (!answer.result) return undefined;
      results.push(answer.result);
      if (results.length < messages.length) ask(results.length);
      else {
        clearTimeout(timer);
        resolve(results);
      }
      return undefined;
    });
    ask(0);
  }).finally(() => {
    child.removeAllListeners('exit');
    child.stdin.end();
    child.kill();
  });
}
