import type { Database, Tx } from '../storage/database.ts';
import { newId } from '../storage/ids.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { refuse } from './refuse.ts';

/** An e-mail address and a password that fit together, or a new address with the password it is going to have. */
export interface Credentials {
  readonly email: string;
  /** Absent for an address that was new when the password was looked at. */
  readonly userId?: string;
  readonly passwordHash?: string;
  readonly password: string;
}

/** Addresses are compared without regard to case and outer spaces. */
export const emailKey = (email: string): string => email.trim().toLowerCase();

/**
 * Checks a password outside any transaction: it takes a slow hash. Exactly one is computed whether the address is known
 * or not, so that the time of the answer does not tell which addresses are.
 * @throws Refusal invalid_credentials
 */
export async function checkCredentials(db: Database, address: string, password: string): Promise<Credentials> {
  const email = emailKey(address);
  const user = await db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst();
  if (!user) return { email, password, passwordHash: await hashPassword(password) };
  if (!(await verifyPassword(password, user.password_hash))) refuseCredentials();
  return { email, password, userId: user.id };
}

/**
 * The owner these credentials belong to, created where the address is new. Two first registrations under one address
 * can run at once: whoever comes second is held to the password of the first.
 * @throws Refusal invalid_credentials
 */
export async function signedInOwner(tx: Tx, credentials: Credentials, now: number): Promise<string> {
  const { email, userId, passwordHash, password } = credentials;
  if (userId !== undefined || passwordHash === undefined) return userId ?? refuseCredentials();
  const id = newId();
  await tx
    .insertInto('users')
    .values({ id, email, password_hash: passwordHash, created_at: now })
    .onConflict((conflict) => conflict.column('email').doNothing())
    .execute();
  const owner = await tx.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirstOrThrow();
  if (owner.id !== id && !(await verifyPassword(password, owner.password_hash))) refuseCredentials();
  return owner.id;
}

function refuseCredentials(): never {
  refuse('invalid_credentials', 'This e-mail address is registered with another password');
}
