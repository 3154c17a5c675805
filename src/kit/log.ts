import { type Clock, isoTime, systemClock } from './clock.ts';
import { liveSecrets, type Redactor } from './redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;

/** One line per event, to stderr: stdout belongs to the protocol. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  /** Lines below this level are dropped. `silent` drops all. Default `info`. */
  readonly level?: LogLevel | 'silent';
  readonly format?: 'text' | 'json';
  /** What text lines start with. Default `sota-mcp`. */
  readonly name?: string;
  readonly write?: (line: string) => void;
  readonly redactor?: Redactor;
  readonly clock?: Clock;
}

const ORDER = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/**
 * A logger whose every line passes the redactor, after it has been put together: a secret inside a nested field or an
 * error's stack is caught the same way as one in the message.
 * @example createLogger({ format: 'json' }).warn('retrying', { attempt: 2 })
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', format = 'text', name = 'sota-mcp', redactor = liveSecrets, clock = systemClock } = options;
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const threshold = ORDER.indexOf(level);
  const emit = (at: LogLevel, message: string, fields: LogFields = {}): void => {
    if (ORDER.indexOf(at) < threshold) return;
    const line = format === 'json' ? jsonLine(at, message, fields, clock) : textLine(name, at, message, fields);
    try {
      write(`${redactor.redact(line)}\n`);
    } catch {
      // Nobody reads stderr any more. A log line is never worth a crash.
    }
  };
  return {
    debug: (message, fields) => emit('debug', message, fields),
    info: (message, fields) => emit('info', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    error: (message, fields) => emit('error', message, fields),
  };
}

/**
 * Reads `SOTA_LOG_LEVEL` (debug, info, warn, error, silent) and `SOTA_LOG_FORMAT` (text, json). Unknown values mean
 * the default: a typo in a log setting must not keep a server from starting.
 */
export function loggerOptionsFrom(env: Readonly<Record<string, string | undefined>>): LoggerOptions {
  const level = ORDER.find((name) => name === env.SOTA_LOG_LEVEL?.trim().toLowerCase());
  return {
    ...(level ? { level } : {}),
    format: env.SOTA_LOG_FORMAT?.trim().toLowerCase() === 'json' ? 'json' : 'text',
  };
}

function jsonLine(level: LogLevel, message: string, fields: LogFields, clock: Clock): string {
  return JSON.stringify({ ...plain(fields), time: isoTime(clock.now()), level, message });
}

function textLine(name: string, level: LogLevel, message: string, fields: LogFields): string {
  const tail = Object.entries(plain(fields)).map(([key, value]) => ` ${key}=${shown(value)}`);
  // One event, one line: a message that carries a stranger's line break must not forge a second event.
  return `${name} ${level}: ${message}${tail.join('')}`.replace(/[\r\n]+/g, ' ');
}

function shown(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? 'undefined';
}

function plain(fields: LogFields): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    out[key] = value instanceof Error ? describe(value) : typeof value === 'bigint' ? value.toString() : value;
  }
  return out;
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? ` (${describe(error.cause)})` : '';
  return `${error.name}: ${error.message}${cause}`;
}
