/** What every command ends with. Documented in docs/commands.md, which a test compares with this table. */
export const exitCodes = {
  ok: { code: 0, meaning: 'Done, or nothing to do' },
  failed: { code: 1, meaning: 'It did not work; stderr says why and what to do' },
  usage: { code: 2, meaning: 'The command line was wrong; nothing was done' },
  noKey: { code: 3, meaning: 'There is no usable API key, or the marketplace does not accept it' },
  unreachable: { code: 4, meaning: 'The marketplace could not be reached; the same command may work later' },
  fileUntouched: { code: 5, meaning: 'A config file could not be changed safely and was left as it is' },
  unknown: { code: 6, meaning: 'The request may have taken effect; look before you repeat it' },
} as const;

export type ExitName = keyof typeof exitCodes;

/** @example return exit('ok') // 0 */
export function exit(name: ExitName): number {
  return exitCodes[name].code;
}
