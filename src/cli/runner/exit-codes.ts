/** How `sota-runner run` and `dev` end, for whatever supervises them. After sysexits.h where it has a number. */
export const exitCodes = {
  clean: { code: 0, meaning: 'Ended as asked; nothing is left over' },
  failed: { code: 1, meaning: 'A mistake of the runner itself' },
  usage: { code: 2, meaning: 'The command line is wrong' },
  leftOver: {
    code: 75,
    meaning:
      'Something is left for the next start, another runner holds the folder, or the marketplace is not reachable',
  },
  unauthorized: { code: 77, meaning: 'The marketplace refuses the API key; a restart does not help' },
  config: { code: 78, meaning: 'A setting or the handler file is wrong; a restart does not help' },
  forced: { code: 143, meaning: 'A second signal ended the drain; what was under way is resumed at the next start' },
} as const;
