/**
 * Which intents a call settled, until its answer has left for the host. Only then do they count as seen: a caller that
 * never got the answer will ask again, and must then be given it instead of a second effect.
 */
export interface AnsweredCalls {
  /** Notes how to say that an intent of this call was seen. */
  note(requestId: string | number, markSeen: () => Promise<void>): void;
  /** The answer to this call was handed to the operating system. */
  answered(requestId: string | number): void;
  /** There will be no answer to this call. */
  forget(requestId: string | number): void;
  /** Resolves when everything that was seen is written down. */
  idle(): Promise<void>;
}

export function createAnsweredCalls(): AnsweredCalls {
  const waiting = new Map<string | number, (() => Promise<void>)[]>();
  const writing = new Set<Promise<void>>();
  return {
    note(requestId, markSeen) {
      waiting.set(requestId, [...(waiting.get(requestId) ?? []), markSeen]);
    },
    answered(requestId) {
      for (const markSeen of waiting.get(requestId) ?? []) {
        const written = markSeen();
        writing.add(written);
        const forget = () => writing.delete(written);
        written.then(forget, forget);
      }
      waiting.delete(requestId);
    },
    forget: (requestId) => void waiting.delete(requestId),
    async idle() {
      await Promise.allSettled(writing);
    },
  };
}
