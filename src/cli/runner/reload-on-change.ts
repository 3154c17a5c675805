import { basename } from 'node:path';
import type { Logger } from '#kit/log.ts';
import { watchFile } from '#runner/dev/watch-handler.ts';
import type { Runner } from '#runner/runner-types.ts';
import type { OpenedHandlers } from './load-agent.ts';

/**
 * New jobs get the handler file as it was saved last; running ones end with what they started with. A file that cannot
 * be loaded changes nothing.
 * @returns stops watching
 */
export function reloadOnChange(
  { file, reload }: NonNullable<OpenedHandlers['watched']>,
  runner: Runner,
  log: Logger,
  say: (text: string) => void = (text) => log.info(text),
): () => Promise<void> {
  const stop = watchFile(file, () => {
    reload()
      .then(() => {
        runner.reloaded();
        say(`${basename(file)} is loaded anew`);
      })
      .catch((error: unknown) => log.error('the old handler stays', { problem: String(error) }));
  });
  return async () => stop();
}
