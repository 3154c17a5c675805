/** A signal that follows several, for as long as it is needed. */
export interface JoinedSignal {
  readonly signal: AbortSignal;
  /** Lets go of the signals it follows. */
  release(): void;
}

/**
 * Aborts as soon as one of two signals does, with its reason. `AbortSignal.any` does the same and keeps a little of
 * every signal it ever made for as long as the signals it was made of live, which for a worker is months.
 * @example const { signal, release } = eitherSignal(request.signal, stopping.signal)
 */
export function eitherSignal(first: AbortSignal, second: AbortSignal): JoinedSignal {
  const controller = new AbortController();
  const release = () => {
    first.removeEventListener('abort', follow);
    second.removeEventListener('abort', follow);
  };
  const follow = () => {
    release();
    controller.abort(first.aborted ? first.reason : second.reason);
  };
  if (first.aborted || second.aborted) follow();
  else for (const signal of [first, second]) signal.addEventListener('abort', follow, { once: true });
  return { signal: controller.signal, release };
}
