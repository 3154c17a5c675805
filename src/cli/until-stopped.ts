/** Resolves on the first signal that asks the process to end; holds the process open until then. */
export function untilStopped(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const hold = setInterval(() => {}, 2 ** 30);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        clearInterval(hold);
        resolve(signal);
      });
    }
  });
}
