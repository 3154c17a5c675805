import { createInterface } from 'node:readline/promises';
import { UsageError } from '../flags.ts';

/** A terminal one can type at without being seen. */
export interface Keyboard extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  setRawMode?(on: boolean): unknown;
}

/** Whether there is someone to ask. Questions go to stderr, so stdout may be redirected. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** @example await ask('E-mail address') */
export async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(`${question}: `)).trim();
  } finally {
    lines.close();
  }
}

/**
 * Asks until the answer will do.
 * @param wrongWith what is wrong with an answer, undefined where nothing is
 */
export async function askUntil(question: string, wrongWith: (answer: string) => string | undefined): Promise<string> {
  for (;;) {
    const answer = await ask(question);
    const wrong = wrongWith(answer);
    if (wrong === undefined) return answer;
    console.error(`  ${wrong}`);
  }
}

const ENTER = new Set(['\r', '\n', '\u0004']);
const ESCAPE_SEQUENCES = new RegExp(`${'\u001b'}\\[[\\d;]*[A-Za-z~]`, 'g');
const INTERRUPT = '\u0003';
const BACKSPACE = new Set(['\b', '\u007f']);

/**
 * Asks without showing what is typed.
 * @throws UsageError where it is interrupted
 */
export function askHidden(
  question: string,
  input: Keyboard = process.stdin,
  output: Pick<NodeJS.WritableStream, 'write'> = process.stderr,
): Promise<string> {
  // The question last: whoever types at once must not be echoed by a terminal that still does.
  input.setRawMode?.(true);
  input.resume();
  output.write(`${question}: `);
  return new Promise((resolve, reject) => {
    let typed = '';
    const finish = (settle: () => void): void => {
      input.setRawMode?.(false);
      input.off('data', onData);
      input.pause();
      output.write('\n');
      settle();
    };
    const onData = (chunk: Buffer | string): void => {
      // Arrow keys and the like send sequences that are no part of a password.
      const text = String(chunk).replace(ESCAPE_SEQUENCES, '');
      for (const character of text) {
        if (character === INTERRUPT) return void finish(() => reject(new UsageError('Interrupted')));
        if (ENTER.has(character)) return void finish(() => resolve(typed));
        typed = BACKSPACE.has(character) ? [...typed].slice(0, -1).join('') : typed + character;
      }
    };
    input.on('data', onData);
  });
}

/** All of standard input, without the line break a shell adds. */
export async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
