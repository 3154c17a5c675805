import { lookup as resolveName } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { type AddressKind, addressKind } from '#kit/address-kind.ts';
import { version } from '#kit/version.ts';
import type { WebhookSettings } from './webhook-settings.ts';

export interface WebhookMessage {
  readonly url: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came of one attempt. */
export interface WebhookOutcome {
  readonly delivered: boolean;
  /** In words, for the log of deliveries. */
  readonly result: string;
}

export type SendWebhook = (
  message: WebhookMessage,
  settings: Pick<WebhookSettings, 'targets' | 'timeoutMs'>,
  signal: AbortSignal,
) => Promise<WebhookOutcome>;

/** More of an answer is not waited for: nobody reads it. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Whether webhooks may go to an address of this kind. Reserved ones are never anybody's receiver. */
export function mayReceive(kind: AddressKind, targets: WebhookSettings['targets']): boolean {
  return kind === 'public' || (targets === 'local' && kind !== 'reserved');
}

/**
 * Posts a message once. A 2xx counts as delivered; redirects are not followed, because the next address was never
 * checked. Never throws: whatever goes wrong is the result.
 *
 * The name is looked up here and the connection goes to the very address that was checked. Checking a name and then
 * connecting to it would ask twice, and whoever owns the name may answer differently the second time.
 */
export const sendWebhook: SendWebhook = async ({ url: text, body, headers }, { targets, timeoutMs }, signal) => {
  const url = new URL(text);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((settle) => {
    const end = new AbortController();
    const finish = (delivered: boolean, result: string): void => {
      settle({ delivered, result });
      end.abort();
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    };
    const stop = (): void => finish(false, 'the marketplace stopped');
    const timer = setTimeout(() => finish(false, `no answer within ${timeoutMs} ms`), timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) return stop();

    addressOf(host, targets)
      .then((address) => {
        if (typeof address === 'string') return finish(false, address);
        if (end.signal.aborted) return;
        const lookup: LookupFunction = (_name, options, found) => {
          if (options.all) found(null, [address]);
          else found(null, address.address, address.family);
        };
        const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(
          url,
          {
            method: 'POST',
            agent: false,
            lookup,
            signal: end.signal,
            headers: {
              'Content-Type': 'application/json',
              'Content-Length': body.byteLength,
              'User-Agent': `sota-market/${version}`,
              ...headers,
            },
          },
          (response) => discard(response, () => finish(...judge(response.statusCode ?? 0))),
        );
        request.on('error', (error: NodeJS.ErrnoException) => finish(false, error.code ?? error.message));
        request.end(body);
      })
      .catch((error: unknown) => finish(false, error instanceof Error ? error.message : String(error)));
  });
};

function judge(status: number): [delivered: boolean, result: string] {
  const redirect = status >= 300 && status < 400;
  return [status >= 200 && status < 300, `HTTP ${status}${redirect ? ', and redirects are not followed' : ''}`];
}

/** Reads the answer away, so that the other side can finish sending it, and no further than it is polite. */
function discard(response: IncomingMessage, done: () => void): void {
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.byteLength;
    if (size > MAX_ANSWER_BYTES) done();
  });
  response.on('end', done);
  response.on('error', done);
  response.on('close', done);
}

interface Address {
  readonly address: string;
  readonly family: number;
}

/** The address to connect to, or why there is none. A name with one forbidden address is refused with all its others. */
async function addressOf(host: string, targets: WebhookSettings['targets']): Promise<Address | string> {
  const family = isIP(host);
  const addresses = family ? [{ address: host, family }] : await resolveName(host, { all: true, verbatim: true });
  const [first] = addresses;
  if (!first) return 'the name has no address';
  const forbidden = addresses.some(({ address }) => !mayReceive(addressKind(address), targets));
  return forbidden ? 'the address is not one webhooks may go to' : first;
}
