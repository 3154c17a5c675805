/**
 * What the owner set, from the environment and a file only they can write. The one rule: a value that cannot be read
 * stops the program. Falling back to a default would turn a typing error in a limit into no limit.
 */
import { teachPolicy } from '#contract/errors/teach-policy.ts';
import { closest } from '#kit/closest.ts';
import { AmountError, type Micro, parseUsdc } from '#kit/money.ts';

export interface PolicySettings {
  /** Nothing but reads leaves this machine. */
  readonly readOnly: boolean;
  /** Names of the only tools to offer; undefined: all. */
  readonly tools: readonly string[] | undefined;
  /**
   * `auto`: a human is asked about wallets, keys, login links and what is above a limit. `always`: also about everything
   * that spends or cannot be undone. `never`: about nothing; limits then refuse instead of asking.
   */
  readonly confirm: 'auto' | 'always' | 'never';
  /** Most one posted job, or one award, may commit. */
  readonly maxJob: Micro;
  /** Most all of them may commit within any 24 hours. */
  readonly maxDay: Micro;
  /** Most that may be committed to jobs that have not ended. */
  readonly maxOpenEscrow: Micro;
  readonly maxWithdraw: Micro | undefined;
  readonly maxWithdrawDay: Micro | undefined;
  readonly maxBid: Micro | undefined;
  /** The wallet its owner vouches for: setting it and withdrawing to it need no further approval. */
  readonly payoutWallet: string | undefined;
  /** Told of every approval that is asked for. */
  readonly notifyUrl: string | undefined;
  readonly notifyCommand: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

interface Setting<T> {
  /** What to write instead of a value that cannot be read. */
  readonly good: string;
  /** Undefined where the text is not a value. */
  read(text: string): T | undefined;
}

const flag: Setting<boolean> = {
  good: '1',
  read: (text) => (/^(1|true|yes|on)$/i.test(text) ? true : /^(0|false|no|off)$/i.test(text) ? false : undefined),
};

const amount = (good: string): Setting<Micro> => ({
  good,
  read(text) {
    try {
      return parseUsdc(text);
    } catch (error) {
      if (error instanceof AmountError) return undefined;
      throw error;
    }
  },
});

const CONFIRM = ['auto', 'always', 'never'] as const;

const readers = {
  SOTA_READ_ONLY: flag,
  SOTA_TOOLS: {
    good: 'get_status,list_jobs,bid',
    read(text: string) {
      const names = text.split(',').map((name) => name.trim());
      return names.every((name) => /^[a-z][a-z_]*$/.test(name)) ? names : undefined;
    },
  },
  SOTA_CONFIRM: {
    good: 'auto (or always, or never)',
    read: (text: string) => CONFIRM.find((word) => word === text.toLowerCase()),
  },
  SOTA_MAX_JOB_USDC: amount('25'),
  SOTA_MAX_DAY_USDC: amount('100'),
  SOTA_MAX_OPEN_ESCROW_USDC: amount('100'),
  SOTA_MAX_WITHDRAW_USDC: amount('50'),
  SOTA_MAX_WITHDRAW_DAY_USDC: amount('100'),
  SOTA_MAX_BID_USDC: amount('250'),
  SOTA_PAYOUT_WALLET: {
    good: 'the base58 address of your Solana wallet, 32 to 44 characters',
    // Whether it is a wallet is checked where it is used: the curve arithmetic is not worth loading at every start.
    read: (text: string) => (/^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(text) ? text : undefined),
  },
  SOTA_NOTIFY_URL: { good: 'https://example.com/hooks/sota', read: httpUrlOrUndefined },
  SOTA_NOTIFY_COMMAND: { good: 'notify-send "SOTA asks for approval"', read: (text: string) => text },
} as const satisfies Record<string, Setting<unknown>>;

export type SettingName = keyof typeof readers;
export const settingNames = Object.keys(readers) as SettingName[];

/** Names the file may hold that are not ours to read. */
/** What else the file may hold: settings that are no limits, see `src/cli/settings.ts`. */
const OTHER_KEYS = new Set(['version', 'operations', 'sota_api_url', 'sota_profile', 'sota_local', 'sota_log_level']);

type Values = { readonly [N in SettingName]?: NonNullable<ReturnType<(typeof readers)[N]['read']>> };

/**
 * Reads the settings; the environment wins over the file. What a host left unreplaced, such as `${SOTA_CONFIRM}`, and an
 * empty text count as not set.
 * @param config the parsed content of the configuration file, if there is one
 * @throws SotaError `bad_setting` or `bad_config_file`
 * @example readPolicySettings({ SOTA_MAX_JOB_USDC: '10' }).maxJob // 10000000n
 */
export function readPolicySettings(
  env: Environment,
  config?: { readonly path: string; readonly content: unknown },
): PolicySettings {
  const values: Record<string, unknown> = {};
  if (config) {
    for (const [name, text] of Object.entries(entriesOf(config)))
      values[name] = valueFor(name as SettingName, text, `${name.toLowerCase()} in ${config.path}`);
  }
  for (const name of settingNames) {
    const text = env[name]?.trim();
    if (text && !isUnreplaced(text)) values[name] = valueFor(name, text, name);
  }
  const set = values as Values;
  return {
    readOnly: set.SOTA_READ_ONLY ?? false,
    tools: set.SOTA_TOOLS,
    confirm: set.SOTA_CONFIRM ?? 'auto',
    maxJob: set.SOTA_MAX_JOB_USDC ?? parseUsdc('25'),
    maxDay: set.SOTA_MAX_DAY_USDC ?? parseUsdc('100'),
    maxOpenEscrow: set.SOTA_MAX_OPEN_ESCROW_USDC ?? parseUsdc('100'),
    maxWithdraw: set.SOTA_MAX_WITHDRAW_USDC,
    maxWithdrawDay: set.SOTA_MAX_WITHDRAW_DAY_USDC,
    maxBid: set.SOTA_MAX_BID_USDC,
    payoutWallet: set.SOTA_PAYOUT_WALLET,
    notifyUrl: set.SOTA_NOTIFY_URL,
    notifyCommand: set.SOTA_NOTIFY_COMMAND,
  };
}

function valueFor(name: SettingName, text: string, shownName: string): unknown {
  const { good, read }: Setting<unknown> = readers[name];
  const value = read(text);
  if (value === undefined) throw teachPolicy.badSetting(shownName, text, good);
  return value;
}

/** The entries of the file as texts by setting; its names are the variables' in lower case, with or without `sota_`. */
function entriesOf({ path, content }: { readonly path: string; readonly content: unknown }): Record<string, string> {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw teachPolicy.badConfigFile(path, 'is not a JSON object', 'Write for example {"sota_max_job_usdc": "10"}.');
  }
  const entries: Record<string, string> = {};
  for (const [key, value] of Object.entries(content)) {
    if (OTHER_KEYS.has(key)) continue;
    const upper = key.toUpperCase();
    const name = settingNames.find((known) => known === upper || known === `SOTA_${upper}`);
    if (!name || key !== key.toLowerCase()) {
      const known = settingNames.map((setting) => setting.toLowerCase());
      const meant = closest(key.toLowerCase(), known);
      throw teachPolicy.badConfigFile(
        path,
        `has an unknown entry ${JSON.stringify(key.slice(0, 60))}`,
        meant ? `Did you mean ${meant}?` : `It may hold ${known.join(', ')}.`,
      );
    }
    const text = Array.isArray(value) ? value.join(',') : String(value);
    if (typeof value === 'object' && !Array.isArray(value)) {
      throw teachPolicy.badSetting(`${key} in ${path}`, JSON.stringify(value), readers[name].good);
    }
    entries[name] = text.trim();
  }
  return entries;
}

/** Narrower than for keys: words such as `none` were meant by the person who wrote them, and are refused. */
function isUnreplaced(text: string): boolean {
  return /\$\{|\{\{/.test(text) || /^\$(?:env:)?[A-Za-z_]\w*$/i.test(text) || /^%[^%]+%$/.test(text);
}

function httpUrlOrUndefined(text: string): string | undefined {
  try {
    const { protocol } = new URL(text);
    return protocol === 'http:' || protocol === 'https:' ? text : undefined;
  } catch {
    return undefined;
  }
}
