import type { z } from 'zod';
import { type Author, type Authorship, authorship } from '#contract/authorship.ts';

import { Disclosed, Marked, type Shown } from './marked.ts';

/**
 * From an answer of the marketplace to something a tool may return. The schema says who wrote each field; what it does
 * not mention (an origin may know more than we do), and a word of the marketplace's program that turns out to be a
 * sentence, counts as written by others. Credentials are left out.
 * @example show(jobEntity, job).title // Marked, shown fenced
 */
export function show<T>(schema: z.ZodType, value: T): Shown<T> {
  return walk(schema, value, undefined) as Shown<T>;
}

/**
 * One field, with what the object around it says about its author.
 * @example showField(jobEntity, job, 'title')
 */
export function showField<T extends object, K extends keyof T & string>(
  schema: z.ZodType,
  holder: T,
  field: K,
): Shown<T[K]> {
  return walk(memberOf(schema, field), holder[field], holder) as Shown<T[K]>;
}

/** A part of a field, shown as the field itself would be. */
export function showPart(schema: z.ZodType, holder: object, field: string, part: string): Marked {
  const shown = walk(memberOf(schema, field), part, holder);
  return shown instanceof Marked ? shown : new Marked(part, 'prose', 'marketplace');
}

/** A JSON value nobody described: every text in it that could be a sentence counts as written by others. */
export function showUnknown(value: unknown): unknown {
  return walk(undefined, value, undefined);
}

/** A value no schema knows. */
export function showAs(as: Marked['as'], by: Author, value: unknown): Marked {
  return new Marked(value, as, by);
}

/** Nothing but the marketplace's program makes words: a sentence in their place is somebody's. */
const WORD = /^[\x21-\x7e]{1,512}$/;

/** Of a member: neither a sentence nor anything hidden. */
const NAME = /^[\x21-\x7e]{1,100}$/;

/** An object of somebody else's, with a name of ours for each member whose own could be a sentence. */
export function nameable<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  if (entries.every(([name]) => NAME.test(name))) return value;
  return Object.fromEntries(
    entries.map(([name, member], index) => [NAME.test(name) ? name : `field_${index + 1}`, member]),
  ) as T;
}

type Schema = z.core.$ZodType | undefined;

/** The parts of zod's definitions this walks by. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
}

function walk(given: Schema, value: unknown, holder: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (value instanceof Marked || value instanceof Disclosed) return value;
  const schema = variantFor(unwrapped(given), value);
  const wrote = schema && authorship.get(schema);
  if (wrote && 'as' in wrote) return new Marked(value, wrote.as, wrote.by, authorId(wrote.by, holder));
  if (wrote?.by === 'secret') return undefined;
  if (typeof value === 'string') return words(schema, wrote, value);
  if (Array.isArray(value)) return value.map((item) => walk(definition(schema)?.element, item, holder));
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(nameable(value))
      .map(([name, member]) => [name, walk(memberOf(schema, name), member, value)] as const)
      .filter(([, member]) => member !== undefined),
  );
}

function words(schema: Schema, wrote: Authorship | undefined, text: string): unknown {
  if (wrote?.by === 'caller') return text;
  const type = definition(schema)?.type;
  const isOurs = wrote?.by === 'machine' || type === 'enum' || type === 'literal';
  return isOurs && WORD.test(text) ? text : new Marked(text, 'prose', 'marketplace');
}

function definition(schema: Schema): Definition | undefined {
  return schema?._zod.def as unknown as Definition | undefined;
}

function unwrapped(schema: Schema): Schema {
  const def = definition(schema);
  return def?.type === 'optional' || def?.type === 'nullable' ? unwrapped(def.innerType) : schema;
}

/** Of alternatives the one that knows most of the fields; of a text and a number the one of that type. */
function variantFor(schema: Schema, value: unknown): Schema {
  const options = definition(schema)?.options;
  if (!options || definition(schema)?.type !== 'union') return schema;
  const known = (option: z.core.$ZodType) => {
    const def = definition(option);
    if (def?.shape && typeof value === 'object' && value !== null) {
      return Object.keys(def.shape).filter((name) => name in value).length;
    }
    return def?.type === typeof value ? 1 : 0;
  };
  const best = [...options].sort((a, b) => known(b) - known(a))[0];
  return variantFor(unwrapped(best), value);
}

function memberOf(schema: Schema, name: string): Schema {
  const shape = definition(variantFor(unwrapped(schema), undefined))?.shape;
  return shape && Object.hasOwn(shape, name) ? shape[name] : undefined;
}

/** Which field beside a text names its author. */
const AUTHOR_FIELD: Partial<Record<Author, string>> = {
  requester: 'requester_id',
  worker: 'winner_agent_id',
  agent: 'agent_id',
};

function authorId(by: Author, holder: unknown): string | undefined {
  const field = AUTHOR_FIELD[by];
  const id = field && typeof holder === 'object' && holder !== null ? Reflect.get(holder, field) : undefined;
  return typeof id === 'string' && WORD.test(id) ? id : undefined;
}
