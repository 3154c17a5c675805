/**
 * Questions to the owner and their answers, as files that are created once and never changed, so that every process of
 * a state directory and the owner's terminal see the same.
 *
 *   <id>.request.json    what was asked, for which subject
 *   <id>.decision.json   approved or rejected, by which channel
 *   <id>.used.json       the idempotency key it was used for: one approval, one intent
 *
 *   (none) ──ask──▶ pending ──approve──▶ approved ──use──▶ used
 *                      │                     └──1 h──▶ expired
 *                      ├──reject──▶ rejected
 *                      └──1 h──▶ expired
 *
 * An id grants nothing: it names a question. What grants is the decision, and a model holds no channel that makes one.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, isoTime } from '#kit/clock.ts';
import { type Disk, errorCode, nodeDisk } from '#kit/durable/disk.ts';
import { putOnce } from '#kit/durable/files.ts';
import { ensurePrivateDirectory } from '#kit/durable/private-directory.ts';
import { sha256Hex } from '#kit/hash.ts';

export interface ApprovalQuestion {
  /** See `subject.ts`. */
  readonly subject: string;
  readonly operation: string;
  readonly origin: string;
  readonly agentId: string;
  /** What would be done, for a human to read. */
  readonly what: string;
  readonly why: string;
}

export type ApprovalState = 'pending' | 'approved' | 'rejected' | 'used' | 'expired';
export type Channel = 'elicitation' | 'terminal';

export interface Approval extends ApprovalQuestion {
  readonly id: string;
  readonly askedAt: number;
  readonly expiresAt: number;
  readonly state: ApprovalState;
  readonly decidedBy?: Channel | undefined;
  /** The key it was used for. */
  readonly usedFor?: string | undefined;
}

export interface Approvals {
  /** The pending question about the subject, or a new one. `isNew` tells whom to notify. */
  ask(question: ApprovalQuestion): Promise<{ approval: Approval; isNew: boolean }>;
  get(id: string): Promise<Approval | undefined>;
  /** Everything on file, oldest first. */
  list(): Promise<readonly Approval[]>;
  /** Those about one subject, oldest first. */
  about(subject: string): Promise<readonly Approval[]>;
  /** @returns the approval as it stands now: somebody may have decided before */
  decide(id: string, decision: 'approved' | 'rejected', by: Channel): Promise<Approval | undefined>;
  /** Uses an approval up for one key; true also when it was used for this very key before. */
  use(id: string, key: string): Promise<boolean>;
  /** True for the first caller with this nonce, ever. */
  claimNonce(nonce: string): Promise<boolean>;
  /** That a human approved of this wallet for this agent. */
  noteWallet(origin: string, agentId: string, address: string): Promise<void>;
  hasWallet(origin: string, agentId: string, address: string): Promise<boolean>;
}

export const APPROVAL_MS = 60 * 60_000;
const ID = /^apr_[a-z2-7]{16}$/;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

export function createApprovals(
  stateDir: string,
  { clock, disk = nodeDisk }: { clock: Clock; disk?: Disk },
): Approvals {
  const folder = join(stateDir, 'approvals');
  const file = (id: string, part: 'request' | 'decision' | 'used') => join(folder, `${id}.${part}.json`);
  const walletFile = (origin: string, agentId: string, address: string) =>
    join(folder, 'wallets', sha256Hex(JSON.stringify([origin, agentId, address])));

  async function write(path: string, value: unknown): Promise<boolean> {
    await ensurePrivateDirectory(stateDir, disk);
    await ensurePrivateDirectory(folder, disk);
    await ensurePrivateDirectory(join(path, '..'), disk);
    return (await putOnce(path, `${JSON.stringify(value)}\n`, disk)) === 'created';
  }

  async function content(path: string): Promise<Record<string, unknown> | undefined> {
    let text: string;
    try {
      text = (await disk.read(path)).toString('utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      return JSON.parse(text) as Record<string, unknown>;
    } catch {
      // Claimed and unreadable. An empty object is no decision and no request, yet it is there: nothing is granted.
      return {};
    }
  }

  async function get(id: string): Promise<Approval | undefined> {
    if (!ID.test(id)) return undefined;
    const request = await content(file(id, 'request'));
    if (!request || typeof request.subject !== 'string') return undefined;
    const [decision, used] = await Promise.all([content(file(id, 'decision')), content(file(id, 'used'))]);
    const askedAt = Number(request.asked_at);
    const decidedAt = decision?.decision === 'approved' ? Number(decision.decided_at) : askedAt;
    const expiresAt = decidedAt + APPROVAL_MS;
    const now = clock.now();
    // A time in the future means that the clock was set back since: nothing comes back to life by that.
    const expired = !(now < expiresAt && now >= decidedAt - 60_000);
    const state: ApprovalState = used
      ? 'used'
      : decision && decision.decision !== 'approved'
        ? 'rejected'
        : expired
          ? 'expired'
          : decision
            ? 'approved'
            : 'pending';
    const text = (name: string) => String(request[name] ?? '');
    return {
      id,
      subject: request.subject,
      operation: text('operation'),
      origin: text('origin'),
      agentId: text('agent_id'),
      what: text('what'),
      why: text('why'),
      askedAt,
      expiresAt,
      state,
      decidedBy: decision?.by === 'elicitation' || decision?.by === 'terminal' ? decision.by : undefined,
      usedFor: typeof used?.key === 'string' ? used.key : undefined,
    };
  }

  async function list(): Promise<Approval[]> {
    let names: string[];
    try {
      names = await disk.list(folder);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
    const ids = names
      .filter((name) => name.endsWith('.request.json'))
      .map((name) => name.slice(0, -'.request.json'.length));
    const found = await Promise.all(ids.map(get));
    return found.filter((approval) => approval !== undefined).sort((a, b) => a.askedAt - b.askedAt);
  }

  const about = async (subject: string) => (await list()).filter((approval) => approval.subject === subject);

  return {
    get,
    list,
    about,
    async ask(question) {
      const pending = (await about(question.subject)).find(({ state }) => state === 'pending');
      if (pending) return { approval: pending, isNew: false };
      const id = newId();
      const askedAt = clock.now();
      const { subject, operation, origin, agentId, what, why } = question;
      await write(file(id, 'request'), {
        v: 1,
        subject,
        operation,
        origin,
        agent_id: agentId,
        what,
        why,
        asked_at: askedAt,
        asked: isoTime(askedAt),
      });
      return {
        approval: { ...question, id, askedAt, expiresAt: askedAt + APPROVAL_MS, state: 'pending' },
        isNew: true,
      };
    },
    async decide(id, decision, by) {
      const approval = await get(id);
      if (approval?.state !== 'pending') return approval;
      await write(file(id, 'decision'), { v: 1, decision, by, decided_at: clock.now() });
      return await get(id);
    },
    async use(id, key) {
      const approval = await get(id);
      if (approval?.state === 'used') return approval.usedFor === key;
      if (approval?.state !== 'approved') return false;
      if (await write(file(id, 'used'), { v: 1, key, used_at: clock.now() })) return true;
      return (await get(id))?.usedFor === key;
    },
    claimNonce: (nonce) => write(join(folder, 'nonces', sha256Hex(nonce)), { v: 1, at: clock.now() }),
    async noteWallet(origin, agentId, address) {
      await write(walletFile(origin, agentId, address), { v: 1, origin, agent_id: agentId, address, at: clock.now() });
    },
    hasWallet: async (origin, agentId, address) =>
      (await disk.entry(walletFile(origin, agentId, address)))?.kind === 'file',
  };
}

/** 80 random bits in letters that survive being read aloud. */
function newId(): string {
  return `apr_${[...randomBytes(16)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('')}`;
}
