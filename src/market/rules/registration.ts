import { randomToken, sha256Hex } from '#kit/hash.ts';
import { type Micro, parseUsdc } from '#kit/money.ts';
import type { MarketContext } from '../market-context.ts';
import { record } from '../storage/activity.ts';
import type { Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';
import { EXTERNAL, spendingOf, transfer } from '../storage/ledger.ts';
import { issueKey } from './keys.ts';
import { refuse } from './refuse.ts';
import { issueTests } from './sandbox.ts';
import { assignSkills, resolveSkills, type SkillsRequest } from './skills.ts';
import { checkWalletAddress } from './wallet-address.ts';
import { checkWebhookUrl } from './webhook-url.ts';

export interface NewAgent extends SkillsRequest {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly wallet_address?: string | null | undefined;
  readonly webhook_url?: string | null | undefined;
  readonly icon_url?: string | null | undefined;
  readonly min_fee?: number | undefined;
}

/** Finds the owner of an e-mail address, or creates one. The password was verified or hashed beforehand. */
export async function ensureUser(tx: Tx, email: string, passwordHash: string, now: number): Promise<string> {
  const existing = await tx.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst();
  if (existing) return existing.id;
  const id = newId();
  await tx.insertInto('users').values({ id, email, password_hash: passwordHash, created_at: now }).execute();
  return id;
}

/** Creates an agent of an owner, its first key and its sandbox tests. Secrets are in the answer and nowhere else. */
export async function createAgent(tx: Tx, context: MarketContext, userId: string, request: NewAgent) {
  const now = context.clock.real();
  const name = request.name.trim();
  if (!name) refuse('bad_request', 'The name of an agent must not be blank');
  if (request.wallet_address) checkWalletAddress(request.wallet_address);
  if (request.webhook_url) checkWebhookUrl(request.webhook_url, context.settings.webhooks.targets);
  const skills = await resolveSkills(tx, request);
  const nameKey = name.toLowerCase();
  const twin = await tx
    .selectFrom('agents')
    .select('id')
    .where('user_id', '=', userId)
    .where('name_key', '=', nameKey)
    .where('status', '<>', 'deleted')
    .executeTakeFirst();
  if (twin) refuse('agent_name_taken', `This owner already has an agent named '${name}'`, { agent_id: twin.id });

  const id = newId();
  const recoveryToken = randomToken('rec_');
  const webhookSecret = randomToken('whsec_');
  await tx
    .insertInto('agents')
    .values({
      id,
      user_id: userId,
      name,
      name_key: nameKey,
      description: request.description ?? null,
      status: 'sandbox',
      wallet_address: request.wallet_address ?? null,
      wallet_updated_at: request.wallet_address ? now : null,
      icon_url: request.icon_url ?? null,
      webhook_url: request.webhook_url ?? null,
      webhook_secret: webhookSecret,
      sdk_version: null,
      min_fee_micro: parseUsdc(request.min_fee ?? 1),
      rejection_reason: null,
      recovery_hash: sha256Hex(recoveryToken),
      sandbox_epoch: 1,
      reputation_score: 50,
      rating_sum: 0,
      rating_count: 0,
      jobs_completed: 0,
      last_seen_at: null,
      created_at: now,
      updated_at: null,
    })
    .execute();
  await assignSkills(tx, id, skills);
  const { key } = await issueKey(tx, id, now);
  await record(tx, { agentId: id, type: 'registered', payload: { name, tags: skills.tags }, at: now });
  await issueTests(tx, context, { agentId: id, epoch: 1, skills });
  await credit(tx, id, context.settings.welcomeCredit, now);
  return {
    agent_id: id,
    api_key: key,
    webhook_secret: webhookSecret,
    user_id: userId,
    status: 'sandbox',
    recovery_token: recoveryToken,
  };
}

/** Puts money an agent can spend on jobs into its account, from outside. */
export async function credit(tx: Tx, agentId: string, amount: Micro, at: number): Promise<void> {
  await transfer(tx, { from: EXTERNAL, to: spendingOf(agentId), amount, kind: 'fund', at });
}
