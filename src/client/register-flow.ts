/**
 * Registering an agent so that a lost answer never makes a second one, and never loses the first one's secrets.
 *
 *   write down nonce, password and arguments (durable) → send under the key that follows from them → write down what
 *   came back
 *
 * A crash or a lost answer leaves the first note. The next registration, whatever its arguments, first sends the noted
 * one again with the same key: the marketplace replays its answer. Only a definite refusal erases the note.
 */
import { randomUUID } from 'node:crypto';
import { SotaError } from '#contract/errors/sota-error.ts';
import { teach } from '#contract/errors/teach.ts';
import { registerSimple } from '#contract/operations/registration.ts';
import { canonicalJson } from '#kit/canonical-json.ts';
import { crashPoint } from '#kit/crash-point.ts';
import { randomToken } from '#kit/hash.ts';
import type { Redactor } from '#kit/redact.ts';
import type { CredentialsStore, StoredAgent } from './credentials.ts';
import type { KeyRing } from './key-ring.ts';
import type { CallOptions, RegisterArguments, Settled, SotaClient } from './types.ts';

export interface FlowContext {
  readonly client: SotaClient;
  readonly store: CredentialsStore;
  readonly keys: KeyRing;
  readonly redactor: Redactor;
}

export interface Registered {
  readonly agent: StoredAgent;
  /** As answered; undefined where the agent was registered before. */
  readonly status: string | undefined;
}

type Noted = NonNullable<StoredAgent['registration']>;

/**
 * @param replace the key of an agent that no longer exists, to be replaced by a new agent
 * @param password of the owner; one that nobody needs to know is made where it is missing
 * @throws SotaError
 */
export async function registerFlow(
  { client, store, keys, redactor }: FlowContext,
  originId: string,
  args: RegisterArguments,
  {
    onAttempt,
    onUnseen,
    replace,
    password: chosen,
  }: Omit<CallOptions, 'signal'> & { readonly replace?: string; readonly password?: string | undefined } = {},
): Promise<Settled<Registered>> {
  return await store.exclusively(async () => {
    const held = keys.held(originId);
    const stored = store.get(originId);
    if (held && held.key !== replace) {
      if (stored?.agent_id && stored.api_key === held.key && isSame(stored, args)) {
        return { outcome: 'replayed', data: { agent: stored, status: undefined }, attempts: 0 };
      }
      throw teach.alreadyRegistered(held.agentId ?? 'of the key in SOTA_API_KEY', held.name);
    }
    const earlier = stored?.registration;
    if (earlier) {
      try {
        crashPoint('before-recover');
        const settled = await send(earlier, true);
        crashPoint('after-recover');
        if (canonicalJson(earlier.args) === canonicalJson(args)) return settled;
        return { ...settled, outcome: 'previous_resolved' };
      } catch (error) {
        // Told to wait, or not reached: what became of the earlier one is as open as before.
        if (!(error instanceof SotaError) || error.outcome !== 'rejected' || error.retryable) throw error;
        if (canonicalJson(earlier.args) === canonicalJson(args)) throw error;
      }
    }
    const password = chosen ?? (replace !== undefined && stored?.password ? stored.password : randomToken('Aa1-'));
    return await send({ nonce: randomUUID(), password, args }, false);
  });

  async function send(noted: Noted, resumed: boolean): Promise<Settled<Registered>> {
    redactor.add(noted.password);
    crashPoint('before-intent');
    await store.update(originId, (agent) => ({ ...agent, registration: noted }));
    crashPoint('after-intent');
    const { email, name, clusters, tags, description } = noted.args;
    let attempts = 1;
    try {
      const settled = await client.run(
        registerSimple,
        {
          slot: `register/${email}/${name}`,
          nonce: noted.nonce,
          request: {
            body: {
              email,
              password: noted.password,
              agent_name: name,
              clusters: [...clusters],
              tags: [...tags],
              ...(description === undefined ? {} : { description }),
            },
          },
        },
        {
          onAttempt: (attempt, reason) => {
            attempts = attempt;
            onAttempt?.(attempt, reason);
          },
          ...(onUnseen ? { onUnseen } : {}),
        },
      );
      return { ...settled, data: await keep(noted, settled.data) };
    } catch (error) {
      if (!(error instanceof SotaError) || error.outcome === 'unknown') throw error;
      if (resumed && (error.retryable || error.outcome !== 'rejected')) throw error;
      if (error.code === 'agent_name_taken' && (resumed || attempts > 1)) {
        throw teach.registrationUnresolved(name, store.path);
      }
      await store.update(originId, (agent) => {
        const { registration: _erased, ...rest } = agent ?? {};
        return Object.keys(rest).length > 0 ? rest : undefined;
      });
      throw error;
    }
  }

  async function keep(noted: Noted, answer: Record<string, unknown>): Promise<Registered> {
    const text = (name: string) => (typeof answer[name] === 'string' ? { [name]: answer[name] } : {});
    const agent: StoredAgent = {
      ...text('agent_id'),
      name: noted.args.name,
      ...text('api_key'),
      ...text('webhook_secret'),
      ...text('recovery_token'),
      ...text('user_id'),
      email: noted.args.email,
      password: noted.password,
    };
    keys.issued(originId, agent);
    crashPoint('before-out');
    try {
      await store.update(originId, () => agent);
    } catch (error) {
      throw teach.notStored('registered', store.path, error);
    }
    keys.stored(originId);
    crashPoint('after-out');
    return { agent, status: typeof answer.status === 'string' ? answer.status : 'sandbox' };
  }
}

function isSame(stored: StoredAgent, args: RegisterArguments): boolean {
  return stored.email === args.email && stored.name === args.name;
}
