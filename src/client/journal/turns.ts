/** Short sections that run one after the other, per name, within this process. */
export interface Turns {
  /** Waits for its turn; the returned function ends it. */
  enter(name: string): Promise<() => void>;
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return {
    async enter(name) {
      const before = last.get(name);
      let end: () => void = () => undefined;
      const own = new Promise<void>((resolve) => {
        end = resolve;
      });
      last.set(name, own);
      await before;
      return () => {
        if (last.get(name) === own) last.delete(name);
        end();
      };
    },
  };
}
