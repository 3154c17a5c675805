import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** A moment told by the machine itself: how long it has been running, and which run that is. */
export interface BootTime {
  /** Differs after every start of the machine. */
  readonly boot: string;
  /** Milliseconds since that start, to the second; nobody can set it. */
  readonly ms: number;
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';
let boot: string | null | undefined;

/** The present moment in boot time; undefined where the system does not name its runs (other than Linux). */
export function readBootTime(): BootTime | undefined {
  if (boot === undefined) {
    try {
      boot = readFileSync(BOOT_ID, 'utf8').trim();
    } catch {
      boot = null;
    }
  }
  return boot ? { boot, ms: uptime() * 1000 } : undefined;
}
