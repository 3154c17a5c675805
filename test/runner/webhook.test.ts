import { createHmac } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '#kit/clock.ts';
import { MAX_SIGNED_BODY_BYTES, signWebhook } from '#kit/webhook-signature.ts';
import { serveLocally } from '#runner/http-server.ts';
import { createReceiver, REPLAY_KEEP_MS } from '#runner/webhook/receiver.ts';
import { openReplayGuard } from '#runner/webhook/replay-guard.ts';
import { silent } from '../support/runner.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const SECRET = 'whsec_test_secret_test';
const NOW = 1_800_000_000;

async function receiver({ folder = temporaryDirectory(), bare = false, secrets = [SECRET] } = {}) {
  const events: { type: string; jobId: string | undefined }[] = [];
  const replays = await openReplayGuard(folder, REPLAY_KEEP_MS, systemClock);
  const clock = { ...systemClock, now: () => NOW * 1000 };
  const onEvent = (event: (typeof events)[number]) => void events.push(event);
  const options = { secrets, replays, clock, log: silent, onEvent, allowBareSignatures: bare };
  const server = await serveLocally(0, createReceiver(options));
  onTestFinished(() => server.close());
  const send = (body: Uint8Array | string, signature?: string, init: RequestInit = {}) =>
    fetch(server.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(signature === undefined ? {} : { 'x-sota-signature': signature }),
      },
      body: typeof body === 'string' ? body : Buffer.from(body),
      ...init,
    });
  return { events, send, folder };
}

const bytes = (text: string) => Buffer.from(text);
const sign = (body: Uint8Array, at = NOW, secrets = [SECRET]) => signWebhook(body, at, secrets);

describe('a webhook receiver', () => {
  it('wakes once for a genuine hook, also when it is sent again to a later process', async () => {
    const body = bytes('{"id":"evt_1","event_type":"job.assigned","job_id":"job_1"}');
    const first = await receiver();
    expect((await first.send(body, sign(body))).status).toBe(200);
    expect((await first.send(body, sign(body, NOW - 5))).status).toBe(200);
    expect(first.events).toEqual([{ type: 'job.assigned', jobId: 'job_1' }]);
    const second = await receiver({ folder: first.folder });
    expect((await second.send(body, sign(body))).status).toBe(200);
    expect(second.events).toEqual([]);
  });

  it.each([
    ['a byte order mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes('{}')])],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['CRLF', bytes('{\r\n}\r\n')],
    ['nothing', bytes('')],
    ['all that is allowed', Buffer.alloc(MAX_SIGNED_BODY_BYTES, 0x20)],
  ])('takes a body with %s as it came', async (_what, body) => {
    const { send, events } = await receiver();
    expect((await send(body, sign(body))).status).toBe(200);
    expect(events).toHaveLength(1);
  });

  it('answers everything that is not genuine with the same 401', async () => {
    const { send, events } = await receiver({ secrets: [SECRET, 'whsec_second_second'] });
    const body = bytes('{"id":"evt_2"}');
    const good = sign(body);
    const [t, v1] = good.split(',');
    const refused = [
      undefined,
      '',
      `t=${NOW}`,
      v1,
      `${t},${t},${v1}`,
      `${t},v0=${v1?.slice(3)}`,
      sign(body, NOW - 301),
      sign(body, NOW + 301),
      sign(body, NOW, ['whsec_wrong_wrong']),
      createHmac('sha256', SECRET).update(body).digest('hex'),
      `${good},${Array.from({ length: 9 }, () => v1).join(',')}`,
    ];
    const answers = await Promise.all(refused.map((header) => send(body, header)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1);
    for (let at = 0; at < body.length; at += 1) {
      const flipped = Buffer.from(body);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      expect((await send(flipped, good)).status).toBe(401);
    }
    expect(events).toEqual([]);
  });

  it('takes reordered parts, either side of the tolerance, and both secrets of a rotation', async () => {
    const { send, events } = await receiver({ secrets: [SECRET, 'whsec_second_second'] });
    const body = (id: string) => bytes(`{"id":"${id}"}`);
    const [t, v1] = sign(body('a')).split(',');
    const sent = [
      send(body('a'), `${v1},${t}`),
      send(body('b'), sign(body('b'), NOW - 299)),
      send(body('c'), sign(body('c'), NOW + 299)),
      send(body('d'), sign(body('d'), NOW, ['whsec_second_second'])),
      send(body('e'), sign(body('e'), NOW, ['whsec_unknown_yet', SECRET])),
    ];
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(events).toHaveLength(5);
  });

  it('takes bare hex signatures only where they were asked for', async () => {
    const { send } = await receiver({ bare: true });
    const body = bytes('{"event":"job.executing"}');
    expect((await send(body, createHmac('sha256', SECRET).update(body).digest('hex'))).status).toBe(200);
    expect((await send(body, createHmac('sha256', 'other').update(body).digest('hex'))).status).toBe(401);
  });

  it('reads no more than a megabyte, and nothing but POSTed JSON', async () => {
    const { send } = await receiver();
    const large = Buffer.alloc(MAX_SIGNED_BODY_BYTES + 1, 0x20);
    expect((await send(large, 't=1,v1=00')).status).toBe(413);
    expect((await send('{}', sign(bytes('{}')), { method: 'PUT' })).status).toBe(405);
    expect((await send('{}', undefined, { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
  });
});
