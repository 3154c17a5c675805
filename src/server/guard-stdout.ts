import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { liveSecrets } from '#kit/redact.ts';

/**
 * On stdio, stdout is the protocol: one stray line from a dependency breaks a message, and one without a line end
 * swallows the next answer. So the real stdout is kept for the transport alone, and everything else that writes to it
 * goes to stderr. Called in the first lines of the entry, before any module that could write is loaded.
 *
 * Stderr is read by people and kept in files by hosts, so whatever is written to it, by whom ever, passes the redactor.
 */
let guarded: Writable | undefined;

/** Takes stdout over and returns the only way to it. A second call returns the same stream. */
export function guardStdout(): Writable {
  if (guarded) return guarded;
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  const writeError = stderr.write.bind(stderr) as (chunk: unknown, ...rest: unknown[]) => boolean;
  stderr.write = ((chunk: unknown, ...rest: unknown[]) =>
    writeError(withoutSecrets(chunk), ...rest)) as typeof stderr.write;
  stdout.write = stderr.write.bind(stderr) as typeof stdout.write;
  globalThis.console = new Console({ stdout: stderr, stderr });
  // A host that closed our stderr, or our stdout, is not an error of ours; the transport learns of stdout by its write.
  stderr.on('error', () => {});
  stdout.on('error', () => {});
  guarded = new Writable({
    decodeStrings: false,
    // An empty chunk is how one asks to be told when all before it has left; it needs no call of the system of its own.
    write: (chunk, encoding, done) =>
      chunk.length === 0 ? done() : void write(chunk, encoding, (error) => done(error)),
  });
  return guarded;
}

function withoutSecrets(chunk: unknown): unknown {
  if (typeof chunk === 'string') return liveSecrets.redact(chunk);
  return chunk instanceof Uint8Array ? liveSecrets.redact(Buffer.from(chunk).toString('utf8')) : chunk;
}
