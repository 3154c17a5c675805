import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Terminal } from './owner-proof.ts';

/** The terminal this command runs in. `close` lets the process end. */
export function openTerminal(): Terminal & { close(): void } {
  const { stdin, stdout } = process;
  const interactive = stdin.isTTY === true;
  let lines: Interface | undefined;
  let queue: AsyncIterator<string> | undefined;
  return {
    interactive,
    say: (text) => void stdout.write(`${text}\n`),
    async ask(prompt, { hidden = false } = {}) {
      // Readline echoes what is typed to its output; a hidden answer gets one that swallows everything.
      const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : stdout;
      const reader = createInterface({ input: stdin, output, terminal: true });
      // Only now: until readline has taken the terminal over, the terminal itself echoes what is typed.
      stdout.write(prompt);
      try {
        return await new Promise<string>((resolve) => {
          reader.once('line', resolve);
          // Ctrl-C and Ctrl-D are an answer too: no.
          reader.once('SIGINT', () => resolve(''));
          reader.once('close', () => resolve(''));
        });
      } finally {
        reader.close();
        if (hidden) stdout.write('\n');
      }
    },
    async line() {
      lines ??= createInterface({ input: stdin });
      queue ??= lines[Symbol.asyncIterator]();
      const { value, done } = await queue.next();
      return done ? '' : value;
    },
    close: () => lines?.close(),
  };
}
