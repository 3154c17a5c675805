import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Signatures over webhook bodies: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>." + body>`, one `v1` per secret in
 * force. Bytes in, bytes out: nothing here decodes the body, because two different bodies can decode to one text and
 * printed JSON is rarely the JSON that was signed.
 */

export const DEFAULT_TOLERANCE_SECONDS = 300;
const MIN_TOLERANCE_SECONDS = 30;
const MAX_TOLERANCE_SECONDS = 900;
export const MAX_SIGNED_BODY_BYTES = 1024 * 1024;
const MAX_HEADER_BYTES = 1024;
const MAX_SIGNATURES = 8;
const DIGEST_BYTES = 32;
const TIMESTAMP = /^\d{1,12}$/;
const DIGEST = /^[0-9a-fA-F]{64}$/;

/** A secret, and until when it counts. During a rotation two are in force. */
export interface WebhookSecret {
  readonly secret: string;
  /** Unix seconds from which on it no longer counts. */
  readonly notAfter?: number | undefined;
}

export interface WebhookVerification {
  /** The bytes of the body as they came off the wire. */
  readonly body: Uint8Array;
  /** The signature header, undefined where the request has none. */
  readonly header: string | undefined;
  readonly secrets: readonly (string | WebhookSecret)[];
  /** Unix seconds. */
  readonly now: number;
  /** How far `t` may be from `now`, in either direction; 30 to 900 s, 300 unless said otherwise. */
  readonly toleranceSeconds?: number;
}

export type WebhookVerdict =
  | { readonly valid: true; readonly timestamp: number }
  | { readonly valid: false; readonly reason: WebhookProblem };

/** Why a webhook is not genuine. For the log of the receiver; its answer must be the same for all of them. */
export type WebhookProblem =
  | 'missing_header'
  | 'header_too_long'
  | 'malformed_header'
  | 'too_many_signatures'
  | 'body_too_large'
  | 'outside_tolerance'
  | 'no_match';

/**
 * The value of the signature header.
 * @param timestamp Unix seconds at which the message is sent
 * @param secrets every secret in force, `whsec_` included; each gives one `v1`
 * @throws RangeError where the receiver would refuse what it is given
 * @example signWebhook(Buffer.from('{}'), 1_700_000_000, ['whsec_…']) // 't=1700000000,v1=5257…'
 */
export function signWebhook(body: Uint8Array, timestamp: number, secrets: readonly string[]): string {
  checkBytes(body);
  const t = String(timestamp);
  if (!TIMESTAMP.test(t)) throw new RangeError(`A webhook timestamp is whole Unix seconds, not ${t}`);
  if (secrets.length === 0 || secrets.length > MAX_SIGNATURES) {
    throw new RangeError(`A webhook is signed with 1 to ${MAX_SIGNATURES} secrets, not ${secrets.length}`);
  }
  if (body.byteLength > MAX_SIGNED_BODY_BYTES) {
    throw new RangeError(`A webhook body has at most ${MAX_SIGNED_BODY_BYTES} bytes, not ${body.byteLength}`);
  }
  return [`t=${t}`, ...secrets.map((secret) => `v1=${digestOf(secret, t, body).toString('hex')}`)].join(',');
}

/**
 * Whether a webhook was signed with one of the secrets, recently. Every signature is compared with every secret to the
 * end, so the time it takes tells nothing. Schemes other than `v1` are ignored, never trusted.
 * @throws TypeError where `body` is not the raw bytes, RangeError for a tolerance out of bounds: mistakes of the
 * receiver's code, which must not look like a forged message
 * @example verifyWebhookSignature({ body, header, secrets: [secret], now: Date.now() / 1000 }).valid
 */
export function verifyWebhookSignature(verification: WebhookVerification): WebhookVerdict {
  const { body, header, secrets, now, toleranceSeconds = DEFAULT_TOLERANCE_SECONDS } = verification;
  checkBytes(body);
  if (!(toleranceSeconds >= MIN_TOLERANCE_SECONDS && toleranceSeconds <= MAX_TOLERANCE_SECONDS)) {
    throw new RangeError(
      `The tolerance is ${MIN_TOLERANCE_SECONDS} to ${MAX_TOLERANCE_SECONDS} seconds, not ${toleranceSeconds}: without it an old message could be played again`,
    );
  }
  if (header === undefined || header === '') return invalid('missing_header');
  const signed = readHeader(header);
  if (typeof signed === 'string') return invalid(signed);
  if (body.byteLength > MAX_SIGNED_BODY_BYTES) return invalid('body_too_large');
  const timestamp = Number(signed.t);
  if (!(Math.abs(now - timestamp) <= toleranceSeconds)) return invalid('outside_tolerance');

  let matches = 0;
  for (const entry of secrets) {
    const { secret, notAfter } = typeof entry === 'string' ? { secret: entry, notAfter: undefined } : entry;
    if (secret === '' || (notAfter !== undefined && now >= notAfter)) continue;
    const expected = digestOf(secret, signed.t, body);
    for (const digest of signed.digests) matches += Number(timingSafeEqual(expected, digest));
  }
  return matches > 0 ? { valid: true, timestamp } : invalid('no_match');
}

interface SignedHeader {
  /** As written, because it is signed as written. */
  readonly t: string;
  readonly digests: readonly Buffer[];
}

function readHeader(header: string): SignedHeader | WebhookProblem {
  if (Buffer.byteLength(header) > MAX_HEADER_BYTES) return 'header_too_long';
  const times: string[] = [];
  const signatures: string[] = [];
  for (const part of header.split(',')) {
    const separator = part.indexOf('=');
    if (separator < 0) return 'malformed_header';
    const scheme = part.slice(0, separator).trim();
    const value = part.slice(separator + 1).trim();
    if (scheme === 't') times.push(value);
    else if (scheme === 'v1') signatures.push(value);
  }
  const [t] = times;
  if (t === undefined || times.length > 1 || !TIMESTAMP.test(t)) return 'malformed_header';
  if (signatures.length > MAX_SIGNATURES) return 'too_many_signatures';
  // Buffer.from(…, 'hex') stops silently at the first character that is none: the text is checked first.
  if (signatures.length === 0 || !signatures.every((text) => DIGEST.test(text))) return 'malformed_header';
  return { t, digests: signatures.map((text) => Buffer.from(text, 'hex')) };
}

function digestOf(secret: string, t: string, body: Uint8Array): Buffer {
  const digest = createHmac('sha256', secret).update(`${t}.`).update(body).digest();
  if (digest.byteLength !== DIGEST_BYTES) throw new Error('SHA-256 gives 32 bytes');
  return digest;
}

function checkBytes(body: unknown): asserts body is Uint8Array {
  if (body instanceof Uint8Array) return;
  throw new TypeError(
    `A webhook is verified over its raw bytes (a Buffer), not over ${body === null ? 'null' : typeof body}. ` +
      'With Express, express.json() has already thrown them away: use express.raw({ type: "application/json" }) on this route.',
  );
}

function invalid(reason: WebhookProblem): WebhookVerdict {
  return { valid: false, reason };
}
