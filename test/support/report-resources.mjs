/**
 * Loaded into a process under test with --import: on SIGUSR2 it writes what the process holds to stderr, as one line of
 * JSON. Needs --expose-gc, so that garbage does not count.
 */
process.on('SIGUSR2', () => {
  globalThis.gc();
  const kinds = {};
  for (const kind of process.getActiveResourcesInfo()) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const listeners = [process, process.stdin, process.stdout, process.stderr]
    .flatMap((emitter) => emitter.eventNames().map((event) => emitter.listenerCount(event)))
    .reduce((sum, count) => sum + count, 0);
  const { rss, heapUsed } = process.memoryUsage();
  process.stderr.write(`RESOURCES ${JSON.stringify({ rss, heapUsed, timers: kinds.Timeout ?? 0, listeners })}\n`);
});
