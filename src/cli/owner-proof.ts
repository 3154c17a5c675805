import type { OwnerPin } from '#client/policy/pin.ts';

/** The person at the keyboard could not be told from a program. `message` says what to do. */
export class NotTheOwner extends Error {
  override readonly name = 'NotTheOwner';
}

export interface Terminal {
  /** Whether a person can type here. */
  readonly interactive: boolean;
  say(text: string): void;
  /** Asks for a line; `hidden` shows nothing of it. */
  ask(prompt: string, how?: { hidden?: boolean }): Promise<string>;
  /** The next line of standard input, when it is no terminal. */
  line(): Promise<string>;
}

/**
 * Makes sure that the owner is asking: by their PIN where one is set, typed or piped in; else by a terminal and a yes.
 * A model that can run commands has neither a terminal nor the PIN.
 * @throws NotTheOwner
 */
export async function proveOwner(
  question: string,
  { pin, terminal, pinStdin }: { readonly pin: OwnerPin; readonly terminal: Terminal; readonly pinStdin: boolean },
): Promise<void> {
  if (!(await pin.isSet())) {
    if (!terminal.interactive) {
      throw new NotTheOwner('This needs a terminal, or a PIN: set one in a terminal with  sota-mcp approvals pin');
    }
    if (!/^(y|yes)$/i.test((await terminal.ask(`${question} [y/N] `)).trim()))
      throw new NotTheOwner('Nothing was changed.');
    return;
  }
  if (!pinStdin && !terminal.interactive) {
    throw new NotTheOwner('This needs a terminal, or the PIN on standard input with --pin-stdin');
  }
  const given = pinStdin ? await terminal.line() : await terminal.ask(`${question} Owner PIN: `, { hidden: true });
  const result = await pin.check(given);
  if (result === 'locked') throw new NotTheOwner('Too many wrong PINs. Try again in a quarter of an hour.');
  if (result === 'wrong') throw new NotTheOwner('The PIN is wrong. Nothing was changed.');
}
