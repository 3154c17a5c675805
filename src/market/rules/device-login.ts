import { createHmac, randomInt } from 'node:crypto';
import { randomToken, sha256Hex } from '#kit/hash.ts';
import type { Tx } from '../storage/database.ts';
import type { DeviceCodeTable } from '../storage/schema.ts';
import { storeOwnerTokens, type TokenPair } from './owner-tokens.ts';
import { refuse } from './refuse.ts';

/**
 * Signing in on a device without a browser, after RFC 8628. The device holds a secret code and polls with it; the person
 * opens a page whose address carries another, short code, and approves or denies. Knowing the address of the page is
 * therefore not enough to fetch the tokens.
 *
 *   pending ──approve──▶ authorized      ──deny──▶ denied      every one of them ends after 15 minutes
 */
export const DEVICE_CODE_MS = 15 * 60_000;
/** No vowels, so that no words come out; no digits, so that none is mistaken for a letter. RFC 8628 §6.1. */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';

export interface DeviceLogin {
  readonly device_code: string;
  readonly user_code: string;
}

export async function startDeviceLogin(tx: Tx, now: number): Promise<DeviceLogin> {
  await tx
    .deleteFrom('device_codes')
    .where('expires_at', '<=', now - DEVICE_CODE_MS)
    .execute();
  const deviceCode = randomToken('device_');
  const letters = Array.from({ length: 8 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  const userCode = `${letters.slice(0, 4)}-${letters.slice(4)}`;
  await tx
    .insertInto('device_codes')
    .values({
      code_hash: sha256Hex(deviceCode),
      user_code: userCode,
      status: 'pending',
      user_id: null,
      created_at: now,
      expires_at: now + DEVICE_CODE_MS,
    })
    .execute();
  return { device_code: deviceCode, user_code: userCode };
}

/** A login a person may still decide on, by either code. Spaces, case and the hyphen of the short one do not matter. */
export async function findDeviceLogin(tx: Tx, code: string, now: number): Promise<DeviceCodeTable | undefined> {
  const letters = code.toUpperCase().replace(/[^A-Z]/g, '');
  const login = await tx
    .selectFrom('device_codes')
    .selectAll()
    .where((e) =>
      e.or([e('code_hash', '=', sha256Hex(code)), e('user_code', '=', `${letters.slice(0, 4)}-${letters.slice(4)}`)]),
    )
    .executeTakeFirst();
  return login && Number(login.expires_at) > now ? login : undefined;
}

/**
 * The person's answer. The same answer again changes nothing; another one afterwards is too late.
 * @throws Refusal device_code_not_found, device_code_expired
 */
export async function decideDeviceLogin(
  tx: Tx,
  code: string,
  decision: { readonly approvedBy: string } | 'deny',
  now: number,
): Promise<void> {
  const login = await findDeviceLogin(tx, code, now);
  if (!login) refuse('device_code_not_found', 'The code is unknown or has expired; start the login again');
  const user_id = decision === 'deny' ? null : decision.approvedBy;
  const status = decision === 'deny' ? 'denied' : 'authorized';
  if (login.status === status && login.user_id === user_id) return;
  const { numUpdatedRows } = await tx
    .updateTable('device_codes')
    .set({ status, user_id })
    .where('code_hash', '=', login.code_hash)
    .where('status', '=', 'pending')
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) refuse('device_code_expired', 'This login was decided on already');
}

export type DevicePoll =
  | { readonly status: 'pending' }
  | ({ readonly status: 'authorized'; readonly user_id: string; readonly email: string } & TokenPair);

/**
 * What the polling device is told. The tokens are made from the device code, which only the device knows and of which
 * only a hash is stored: a device whose answer was lost asks again and gets the same ones, and nothing that opens a door
 * is kept in the meantime.
 * @throws Refusal device_code_not_found, device_code_expired
 */
export async function pollDeviceLogin(tx: Tx, deviceCode: string, now: number): Promise<DevicePoll> {
  const login = await tx
    .selectFrom('device_codes')
    .selectAll()
    .where('code_hash', '=', sha256Hex(deviceCode))
    .executeTakeFirst();
  if (!login) refuse('device_code_not_found', 'The device code is unknown; start a new login');
  if (Number(login.expires_at) <= now) refuse('device_code_expired', 'The device code has expired; start a new login');
  if (login.status === 'denied') refuse('device_code_expired', 'The login was denied; start a new one');
  if (login.user_id === null) return { status: 'pending' };
  const user = await tx.selectFrom('users').selectAll().where('id', '=', login.user_id).executeTakeFirstOrThrow();
  const pair = { access_token: derived(deviceCode, 'owner_'), refresh_token: derived(deviceCode, 'refresh_') };
  await storeOwnerTokens(tx, user.id, pair, now);
  return { status: 'authorized', ...pair, user_id: user.id, email: user.email };
}

function derived(deviceCode: string, prefix: string): string {
  return prefix + createHmac('sha256', deviceCode).update(`sota marketplace ${prefix}`).digest('base64url');
}
