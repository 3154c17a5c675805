import { randomUUID } from 'node:crypto';

/** Ids say what they name, so that a model can never put one where another belongs without being told. */
export type IdKind = 'job' | 'bid' | 'tj' | 'wd' | 'pay' | 'key' | 'esc' | 'tr' | 'evt';

/** A new opaque id: a UUID with the kind of its object in front. Agents and users are bare UUIDs, as seen in the field. */
export function newId(kind?: IdKind): string {
  return kind ? `${kind}_${randomUUID()}` : randomUUID();
}
