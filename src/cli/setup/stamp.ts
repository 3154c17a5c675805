import { isoTime } from '#kit/clock.ts';

/** The time as part of a file's name, for example `20260102-030405123`: two edits in one second keep two copies. */
export function stampNow(now = Date.now()): string {
  return isoTime(now)
    .replace(/[-:.Z]/g, '')
    .replace('T', '-');
}
