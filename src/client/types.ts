import type { Operation, RequestOf, ResponseOf } from '#contract/define-operation.ts';
import type { Recovery } from '#contract/errors/sota-error.ts';
import type { IntentHooks } from './intents.ts';

/** Options of one call. Aborting stops the waiting; a mutation already on its way is left to finish. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Told about every retry, so that a host with a progress token sees the call is alive. */
  readonly onAttempt?: (attempt: number, reason: string) => void;
  /** How long and how often to try; chosen by the operation unless given. */
  readonly profile?: 'read' | 'tool' | 'beat' | 'delivery';
  /**
   * Given by whoever hands answers on: told how to say that this one has arrived. Until then it is kept for a caller
   * that asks again. Without it an answer has arrived when the promise resolves.
   */
  readonly onUnseen?: (markSeen: () => Promise<void>) => void;
  /** A key of the caller's own (`_meta.idempotencyKey`): one request per key, whatever came before. */
  readonly idempotencyKey?: string;
}

/** What a caller wants done once. */
export interface Intent<O extends Operation> {
  /** The resource the intent acts on, for example `bid/<job_id>`; intents of one slot are ordered. */
  readonly slot: string;
  readonly request: RequestOf<O>;
  /** The id of the previous object, given to repeat a repeatable operation on purpose. */
  readonly after?: string;
  /** What separates this from an equal intent before it, for example the attempt number of a test. */
  readonly epoch?: string;
  /**
   * Fixes the Idempotency-Key together with the rest of the intent. Given by callers that wrote it down before they
   * sent anything, so that a repeat after a crash carries the same key. Fresh for every call unless given.
   */
  readonly nonce?: string;
  /** For answers that must be kept by themselves. */
  readonly hooks?: IntentHooks;
  /** Only bring to its end what is open. */
  readonly resumeOnly?: boolean;
}

/** A mutation that was answered. */
export interface Settled<T> {
  readonly outcome: 'done' | 'replayed' | 'joined' | 'previous_resolved' | 'possible_duplicate';
  readonly data: T;
  readonly attempts: number;
  readonly recovery?: Recovery;
}

/** The typed client over the contract. */
export interface SotaClient {
  readonly origin: string;
  /** A read, or an operation whose repeat changes nothing and that needs no record. */
  call<O extends Operation>(operation: O, request: RequestOf<O>, options?: CallOptions): Promise<ResponseOf<O>>;
  /**
   * A mutation: keyed, retried by outcome class, and (with a journal) remembered.
   * @throws SotaError
   * @throws HeldBack when nothing was sent because of an earlier call
   */
  run<O extends Operation>(operation: O, intent: Intent<O>, options?: CallOptions): Promise<Settled<ResponseOf<O>>>;
}

export interface Identity {
  readonly agentId: string;
  readonly name?: string;
  /** Where the key came from. */
  readonly keySource: 'environment' | 'credentials' | 'registered';
  /** First characters of the key, safe to show. */
  readonly keyPrefix: string;
}

/** What is known of ourselves without asking the marketplace. */
export type KnownIdentity = Omit<Identity, 'agentId'> & Partial<Pick<Identity, 'agentId'>>;

export interface RegisterArguments {
  readonly email: string;
  readonly name: string;
  readonly clusters: readonly string[];
  readonly tags: readonly string[];
  readonly description?: string;
}

export interface HeartbeatState {
  readonly running: boolean;
  readonly lastSuccessAt?: string;
  readonly consecutiveFailures: number;
  readonly stoppedBecause?: string;
}

/** One agent's standing with one marketplace: origin, key, identity, heartbeat. */
export interface Session {
  readonly client: SotaClient;
  /** True with `--local`: the embedded marketplace on this machine. */
  readonly local: boolean;
  /** Resolves the origin; with `--local` starts or joins the marketplace first. */
  origin(): Promise<string>;
  /** Who we are; with `--local` registers an agent on first use. Throws the SotaError that says how to get a key. */
  identify(): Promise<Identity>;
  /**
   * The same without side effects: undefined where there is no usable key. The id is missing while the key came from
   * the environment and the marketplace has not been asked yet whose it is.
   */
  known(): KnownIdentity | undefined;
  /** Why there is no usable key, as a SotaError to show; undefined where there is one. */
  keyProblem(): Error | undefined;
  /** Registers and stores the credentials 0600; the key never leaves the session. Without a password one is made. */
  register(
    args: RegisterArguments,
    options?: CallOptions & { readonly password?: string },
  ): Promise<Settled<{ identity: Identity; status: string; storedAt: string }>>;
  /** Rotates the key, stores and uses the new one; never returns it. */
  rotateKey(
    options?: CallOptions & { after?: string },
  ): Promise<Settled<{ key_id?: string; keyPrefix: string; storedAt: string }>>;
  heartbeat(): HeartbeatState;
  /** Beats every 30 s from now on, as soon and as long as there is a key. Repeating it changes nothing. */
  startHeartbeat(): void;
  /** One beat now. */
  beat(options?: CallOptions): Promise<{ last_seen_at?: string }>;
  /** Brings to its end, in the background, what an earlier process left open. Never throws. */
  recover(): Promise<void>;
  /** Stops timers and waits for mutations under way, at most `graceMs`. */
  close(graceMs?: number): Promise<void>;
}
