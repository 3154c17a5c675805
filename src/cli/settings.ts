import { createConfigStore, withConfig } from '#client/config-store.ts';
import { SotaError } from '#contract/errors/sota-error.ts';
import { stateDirectory } from '#kit/state-dir.ts';
import { UsageError } from './flags.ts';

/** What `config set` takes, besides what the owner's limits add: the name on the command line, and in the file. */
export const settings = {
  'api-url': { name: 'sota_api_url', summary: 'The marketplace to talk to' },
  profile: { name: 'sota_profile', summary: 'Which tools are offered' },
  local: { name: 'sota_local', summary: '1: the marketplace built into this package' },
  'log-level': { name: 'sota_log_level', summary: 'debug, info, warn, error or silent' },
} as const;

export type SettingName = keyof typeof settings;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment a command runs in: variables first, then the owner's file.
 * @throws UsageError where the file cannot be read: what it forbids must not become allowed
 */
export function environment(env: Environment = process.env): Environment {
  try {
    const config = createConfigStore(stateDirectory(env)).read();
    return withConfig(
      env,
      config,
      Object.values(settings).map(({ name }) => name),
    );
  } catch (error) {
    if (error instanceof SotaError) throw new UsageError(`${error.message} ${error.fix}`);
    throw error;
  }
}
