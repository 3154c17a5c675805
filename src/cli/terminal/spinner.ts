const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const APPEARS_AFTER_MS = 1_000;
const FRAME_MS = 80;

interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Does some work and, on a terminal, shows that it is still going on once it has taken a second. In a pipe, a log or a
 * test nothing is written.
 * @example await withSpinner('Asking the marketplace', () => client.call(getMe, {}))
 */
export async function withSpinner<T>(
  label: string,
  work: (say: (label: string) => void) => Promise<T>,
  screen: Screen = process.stderr,
): Promise<T> {
  let shown = label;
  if (screen.isTTY !== true || process.env.TERM === 'dumb') return await work(() => undefined);
  let frame = 0;
  let ticking: NodeJS.Timeout | undefined;
  const start = setTimeout(() => {
    ticking = setInterval(() => {
      frame = (frame + 1) % FRAMES.length;
      screen.write(`\r\u001b[2K${FRAMES[frame]} ${shown}`);
    }, FRAME_MS);
    ticking.unref();
  }, APPEARS_AFTER_MS);
  start.unref();
  try {
    return await work((next) => {
      shown = next;
    });
  } finally {
    clearTimeout(start);
    clearInterval(ticking);
    if (ticking) screen.write('\r\u001b[2K');
  }
}
