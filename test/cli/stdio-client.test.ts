import { afterEach, describe, expect, it } from 'vitest';
import { openSession, type StdioClient, startServer } from '../../src/cli/stdio-client.ts';

/** A server in one line: `answer(message)` says what is written for each message that comes. */
function serverThat(body: string): StdioClient {
  const program = `
    const say = (message) => console.log(JSON.stringify({ jsonrpc: '2.0', ...message }));
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const message = JSON.parse(line);
      ${body}
    });`;
  const client = startServer({ args: ['-e', program], timeoutMs: 10_000, stderr: 'pipe' });
  clients.push(client);
  return client;
}

const clients: StdioClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

describe('the client of demo and doctor', () => {
  it('gives each request its own answer, in whatever order they come', async () => {
    const client = serverThat(`
      if (message.method === 'first') globalThis.kept = message.id;
      else { say({ id: message.id, result: { to: 'second' } }); say({ id: globalThis.kept, result: { to: 'first' } }); }`);
    const answers = await Promise.all([client.request('first'), client.request('second')]);
    expect(answers).toEqual([{ to: 'first' }, { to: 'second' }]);
  });

  it('opens a session as a host does', async () => {
    const client = serverThat(`
      (globalThis.seen ??= []).push(message.method);
      if (message.id) say({ id: message.id, result: { seen: globalThis.seen } });`);
    await openSession(client, 'somebody');
    const { seen } = await client.request('tools/list');
    expect(seen).toEqual(['initialize', 'notifications/initialized', 'tools/list']);
  });

  it('gives a sign of life, refuses everything else it is asked, and lets notifications pass', async () => {
    const client = serverThat(`
      if (message.method === 'start') {
        globalThis.started = message.id;
        say({ method: 'notifications/message', params: {} });
        say({ id: 'a', method: 'ping' });
        say({ id: 'b', method: 'sampling/createMessage' });
      } else {
        (globalThis.answers ??= []).push(message.result ?? message.error.code);
        if (globalThis.answers.length === 2) say({ id: globalThis.started, result: { answers: globalThis.answers } });
      }`);
    expect(await client.request('start')).toEqual({ answers: [{}, -32601] });
  });

  it.each([
    ['an error', `say({ id: message.id, error: { code: -32602, message: 'not like this' } });`, 'not like this'],
    ['no message', `console.log('Listening!');`, 'something else than messages: Listening!'],
    [
      'its end',
      `console.error('out of luck'); process.exitCode = 3; process.stdin.destroy();`,
      /ended with 3: out of luck/,
    ],
  ])('says what went wrong when the answer is %s', async (_what, body, problem) => {
    await expect(serverThat(body).request('tools/list')).rejects.toThrow(problem);
  });

  it('does not wait for ever, and not at all for a server that has ended', async () => {
    const args = ['-e', 'process.stdin.resume()'];
    const client = startServer({ args, timeoutMs: 20, stderr: 'pipe' });
    await expect(client.request('tools/list')).rejects.toThrow('no answer within 0.02 s');
    await client.close();
    await expect(client.request('tools/list')).rejects.toThrow('it ended with 0');
  });
});
