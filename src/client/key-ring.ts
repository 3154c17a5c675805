import type { KeyProblem } from '#contract/errors/key-problem.ts';
import { teach } from '#contract/errors/teach.ts';
import type { Logger } from '#kit/log.ts';
import type { Redactor } from '#kit/redact.ts';
import { type ParsedApiKey, parseApiKey } from './api-key.ts';
import type { KeyInUse } from './create-client.ts';
import { type CredentialsStore, keyFingerprint, type StoredAgent } from './credentials.ts';

const VARIABLE = 'SOTA_API_KEY';
const SHOWN_CHARACTERS = 12;

export interface HeldKey extends KeyInUse {
  readonly name?: string | undefined;
}

/**
 * Decides which key is used now. The environment wins over the file, unless the file knows that this very key was
 * rotated away. Asked for every request: another process may have rotated a moment ago.
 */
export interface KeyRing {
  /** @param stored the agent as the file has it, where whoever asks has just read it */
  held(originId: string, stored?: StoredAgent): HeldKey | undefined;
  /** Why nothing is held. */
  problem(): Error;
  /** The marketplace told whose key this is. */
  learn(key: string, agentId: string, name: string): void;
  /** A key that was just issued: used from now on, also where storing it fails. */
  issued(originId: string, agent: StoredAgent): void;
  /** It is in the file now, which is right from here on: another process may replace it again. */
  stored(originId: string): void;
}

/** `env` is undefined for a local marketplace: a key of the real one must not be sent there. */
export function createKeyRing(
  env: Readonly<Record<string, string | undefined>> | undefined,
  store: CredentialsStore,
  log: Logger,
  redactor: Redactor,
): KeyRing {
  const fromEnv: ParsedApiKey = env ? parseApiKey(env[VARIABLE]) : { kind: 'unset' };
  if (fromEnv.kind === 'set') redactor.add(fromEnv.key);
  const learned = new Map<string, { agentId: string; name: string }>();
  const unstored = new Map<string, StoredAgent>();
  /** Fingerprints of the keys this process was given, by how. */
  const issuedHere = new Map<string, KeyInUse['source']>();
  let warned = false;

  function warnOnce(message: string): void {
    if (!warned) log.warn(message);
    warned = true;
  }

  function heldBy(agent: StoredAgent | undefined): HeldKey | undefined {
    if (!agent?.api_key) return undefined;
    for (const secret of [agent.api_key, agent.webhook_secret, agent.recovery_token, agent.password]) {
      if (secret) redactor.add(secret);
    }
    const source = issuedHere.get(keyFingerprint(agent.api_key)) ?? 'credentials';
    return { key: agent.api_key, source, agentId: agent.agent_id, name: agent.name };
  }

  return {
    held(originId, stored) {
      const agent = unstored.get(originId) ?? stored ?? store.get(originId);
      const own = heldBy(agent);
      if (fromEnv.kind !== 'set') {
        if (own && fromEnv.kind !== 'unset')
          warnOnce(`${VARIABLE} holds no key (${fromEnv.kind}); using the stored one`);
        return own;
      }
      if (own?.key === fromEnv.key) return { ...own, source: 'environment' };
      if (own && agent?.rotated_from?.includes(keyFingerprint(fromEnv.key))) {
        if (!issuedHere.has(keyFingerprint(own.key))) {
          warnOnce(`${VARIABLE} holds a key that was rotated; using the stored one. Remove or replace it.`);
        }
        return own;
      }
      return { key: fromEnv.key, source: 'environment', ...learned.get(keyFingerprint(fromEnv.key)) };
    },
    problem: () => teach.noKey(fromEnv.kind === 'set' ? UNSET : fromEnv, VARIABLE),
    learn: (key, agentId, name) => void learned.set(keyFingerprint(key), { agentId, name }),
    issued(originId, agent) {
      if (agent.api_key)
        issuedHere.set(keyFingerprint(agent.api_key), agent.rotated_from ? 'credentials' : 'registered');
      unstored.set(originId, agent);
      heldBy(agent);
    },
    stored: (originId) => void unstored.delete(originId),
  };
}

const UNSET: KeyProblem = { kind: 'unset' };

/** As much of a key as may be shown. */
export function keyPrefix(key: string): string {
  return `${key.slice(0, SHOWN_CHARACTERS)}…`;
}
