import { createContext, Script } from 'node:vm';

/** The work was interrupted because it took too long. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
}

const call = new Script('work()');

/**
 * Runs synchronous work and interrupts it after `ms`, also in the middle of a regular expression, which nothing else
 * in JavaScript can. For short work on strangers' input; what it must not do is leave shared state half changed.
 * @throws TimeLimitError, and whatever `work` throws
 * @example withTimeLimit(1000, () => /^(a+)+$/.test(text))
 */
export function withTimeLimit<T>(ms: number, work: () => T): T {
  let result: { value: T } | undefined;
  let thrown: { error: unknown } | undefined;
  const context = createContext({
    work: () => {
      try {
        result = { value: work() };
      } catch (error) {
        thrown = { error };
      }
    },
  });
  try {
    call.runInContext(context, { timeout: ms });
  } catch (error) {
    throw new TimeLimitError(`It took longer than ${ms} ms`, { cause: error });
  }
  if (thrown) throw thrown.error;
  if (!result) throw new TimeLimitError(`It took longer than ${ms} ms`);
  return result.value;
}
