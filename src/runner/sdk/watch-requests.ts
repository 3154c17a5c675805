/**
 * Requests that have left and are not answered, seen from this end: between the two a request is in no queue of this
 * process, and a clock that is moved then would let time pass that nobody waited for.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { REQUEST_BEGUN, REQUEST_ENDED } from '#client/send-directly.ts';

export interface RequestWatch {
  readonly underWay: number;
  close(): void;
}

/** The client's own way out, and the platform's fetch, which goes through a proxy or is a handler's. */
const BEGINS = [REQUEST_BEGUN, 'undici:request:create'];
const ENDS = [REQUEST_ENDED, 'undici:request:trailers', 'undici:request:error'];
/** A request of which nothing was ever heard again, in real milliseconds: time must not stand still for it. */
const FORGOTTEN_MS = 30_000;

interface Message {
  readonly request: { readonly origin?: unknown };
}

/** @param origin only requests to there are counted */
export function watchRequests(origin: string): RequestWatch {
  const begun = new Map<object, number>();
  const onBegin = (message: unknown) => {
    const { request } = message as Message;
    if (String(request.origin) === origin) begun.set(request, performance.now());
  };
  const onEnd = (message: unknown) => void begun.delete((message as Message).request);
  for (const name of BEGINS) subscribe(name, onBegin);
  for (const name of ENDS) subscribe(name, onEnd);
  return {
    get underWay() {
      for (const [request, at] of begun) if (performance.now() - at > FORGOTTEN_MS) begun.delete(request);
      return begun.size;
    },
    close() {
      for (const name of BEGINS) unsubscribe(name, onBegin);
      for (const name of ENDS) unsubscribe(name, onEnd);
    },
  };
}
