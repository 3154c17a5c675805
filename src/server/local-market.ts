import { claimOwnership } from '#kit/os-lock.ts';
import type { CallLog } from './call-log.ts';

/**
 * The marketplace of `--local`, shared by every server process of this user that points at one folder.
 *
 * Whoever asks first and finds no owner becomes it, serves the marketplace, and tells the others its address. The rest
 * connect to it. When the owner goes, its ownership goes with it (the operating system sees to that, even after a kill),
 * and the next request of any survivor elects a new owner over the same data.
 *
 *   idle ──origin()──▶ claiming ──owner──▶ serving
 *                          └─────joined─▶ following ──owner gone──▶ idle
 *
 * Nothing starts before the first request: a server that is only listed must not open a database.
 */
export interface LocalMarket {
  /** Where the marketplace is now. Starts or joins it when there is none. */
  origin(): Promise<string>;
  /** Stops serving, where this process does. */
  close(): Promise<void>;
}

/** A marketplace this process serves. */
export interface RunningMarket {
  readonly url: string;
  close(): Promise<void>;
}

export interface LocalMarketParts {
  /** Where ownership and data live; created private. */
  readonly dir: string;
  readonly log: CallLog;
  /** Starts the marketplace over the data in `dir`. Injected, so that its code loads only when it is needed. */
  start(dir: string): Promise<RunningMarket>;
}

interface Standing {
  readonly origin: string;
  close(): Promise<void>;
}

export function createLocalMarket({ dir, log, start }: LocalMarketParts): LocalMarket {
  let standing: Promise<Standing> | undefined;
  let closed = false;

  async function stand(): Promise<Standing> {
    for (;;) {
      const claim = await claimOwnership(dir, {});
      if (closed) {
        if (claim.owner) await claim.release();
        else claim.leave();
        throw new Error('The local marketplace was closed');
      }
      if (claim.owner) {
        try {
          const market = await start(dir);
          await claim.update({ origin: market.url });
          log.debug('serving the local marketplace', { origin: market.url });
          return {
            origin: market.url,
            async close() {
              // Data first: the next owner opens it the moment the ownership is free.
              await market.close();
              await claim.release();
            },
          };
        } catch (error) {
          await claim.release();
          throw error;
        }
      }
      const info = await claim.when(({ origin }) => typeof origin === 'string');
      // The owner went before it served: there is a new election.
      if (!info || typeof info.origin !== 'string') continue;
      void claim.closed.then(() => {
        log.debug('the owner of the local marketplace is gone');
        standing = undefined;
      });
      log.debug('joined the local marketplace', { origin: info.origin, pid: claim.pid });
      return { origin: info.origin, close: async () => claim.leave() };
    }
  }

  return {
    async origin() {
      standing ??= stand().catch((error: unknown) => {
        standing = undefined;
        throw error;
      });
      return (await standing).origin;
    },
    async close() {
      closed = true;
      const last = await standing?.catch(() => undefined);
      standing = undefined;
      await last?.close();
    },
  };
}
