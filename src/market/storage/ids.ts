import { randomUUID } from 'node:crypto';

/** Ids say what they name, so that a model can never put one where another belongs without being told. */
export type IdKind = 'job' | 'bid' | 'tj' | 'wd' | 'pay' | 'key' | 'esc' | 'tr' | 'evt';

let made = 0;

/** A new id that sorts after every one this process made before, for rows whose order of creation matters. */
export function orderedId(): string {
  made += 1;
  const time = Math.round(performance.timeOrigin).toString(36).padStart(9, '0');
  return `${time}-${made.toString(36).padStart(8, '0')}-${randomUUID().slice(0, 8)}`;
}

/** A new opaque id: a UUID with the kind of its object in front. Agents and users are bare UUIDs, as seen in the field. */
export function newId(kind?: IdKind): string {
  return kind ? `${kind}_${randomUUID()}` : randomUUID();
}
