import type { z } from 'zod';
import { authorship } from '#contract/authorship.ts';
import type { Operation } from '#contract/define-operation.ts';
import type { Redactor } from '#kit/redact.ts';

/** Shorter values are words, and masking a word everywhere would hide answers. */
const MIN_SECRET = 16;

/**
 * An answer as the rest of this program may have it: whatever the other side says back of our secrets is masked before
 * anybody can log it, store it or show it. The fields in which the contract expects a credential keep what is issued
 * in them, and from then on it is a secret as well.
 */
export function withoutSecrets(data: unknown, operation: Operation, redactor: Redactor): unknown {
  const issued = secretFields(operation.response);
  if (issued.length === 0 || !isRecord(data)) return redactor.redactDeep(data, 'known');
  const rest = Object.fromEntries(Object.entries(data).filter(([name]) => !issued.includes(name)));
  const kept = issued.filter((name) => name in data).map((name) => [name, credential(data[name], redactor)] as const);
  return { ...redactor.redactDeep(rest, 'known'), ...Object.fromEntries(kept) };
}

/**
 * A repeat of an answer has a secret that is known already; one inside another text is being said back. That a new key
 * begins like an old one means nothing: a key that was masked by mistake would be lost.
 */
function credential(value: unknown, redactor: Redactor): unknown {
  if (typeof value !== 'string') return redactor.redactDeep(value, 'known');
  if (redactor.knows(value)) return value;
  if (redactor.carries(value)) return redactor.redactKnown(value);
  if (value.length >= MIN_SECRET) redactor.add(value);
  return value;
}

/** Credentials stand at the top of an answer. */
function secretFields(schema: z.ZodType): string[] {
  const { shape } = schema._zod.def as unknown as { readonly shape?: Readonly<Record<string, z.ZodType>> };
  return Object.entries(shape ?? {})
    .filter(([, field]) => authorship.get(bare(field))?.by === 'secret')
    .map(([name]) => name);
}

function bare(schema: z.ZodType): z.ZodType {
  const { innerType } = schema._zod.def as unknown as { readonly innerType?: z.ZodType };
  return innerType ? bare(innerType) : schema;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
