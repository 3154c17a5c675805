import { z } from 'zod';

/**
 * Parts of output schemas. Deliberately loose and flat: an output schema is paid for in tokens by every host, and a
 * marketplace may answer more than we know. Only what a caller branches on is typed.
 */

/** An object whose fields the documentation describes. Typed by what TypeScript calls one, so interfaces fit too. */
export const object: z.ZodType<object, object> = z.looseObject({});
export const rows = z.array(object);

/** At most three complete calls that make sense now. */
export const next = rows.optional();
export const nextCursor = z.string().optional();

/** Every result may suggest calls; only those of mutating tools must say how it went. */
export const readOutput = <S extends z.ZodRawShape>(shape: S) => z.looseObject({ ...shape, next });

/** Output of a tool that changes something: `outcome` is the one required field. */
export const actOutput = <S extends z.ZodRawShape>(shape: S) =>
  z.looseObject({ outcome: z.string(), ...shape, recovery: object.optional(), next });
