import { z } from 'zod';
import type { Untrusted } from '#kit/untrusted.ts';

/**
 * Who wrote a field of an answer. Every text an answer can carry says so here, once, and everything else follows: its
 * type (what others wrote does not compile into a result of ours), how a model is shown it, and the test that fails when
 * a new field says nothing.
 */

/** `agent`: another agent, about itself. `counterparty`: whoever is on the other side. `marketplace`: its own sentences. */
export type Author = 'requester' | 'worker' | 'agent' | 'counterparty' | 'marketplace';

/**
 * `prose`: cleaned, bounded and fenced. `line`: the same on one line, for names and titles. `data`: every text in it
 * cleaned and bounded, for documents that are looked things up in. `exact`: byte for byte, for data a worker must work on.
 */
export type ShownAs = 'prose' | 'line' | 'data' | 'exact';

export type Authorship =
  | { readonly by: Author; readonly as: ShownAs }
  /** The caller's own words come back. */
  | { readonly by: 'caller' }
  /** Made by the marketplace's program: an id, a time, a status, an address. One word, never a sentence. */
  | { readonly by: 'machine' }
  /** A credential; never part of an answer to a model. */
  | { readonly by: 'secret' };

/** Beside the schemas and not in them, so that generated documents do not carry it. */
export const authorship = z.registry<Authorship>();

type Theirs<T> = z.ZodType<Untrusted<T>, T>;

function theirs<T>(schema: z.ZodType<T>, by: Author, as: ShownAs): Theirs<T> {
  authorship.add(schema, { by, as });
  return schema as unknown as Theirs<T>;
}

/** Several sentences or lines. */
export const prose = (by: Author): Theirs<string> => theirs(z.string(), by, 'prose');
/** A name, a title, a word. */
export const line = (by: Author): Theirs<string> => theirs(z.string(), by, 'line');
/** A JSON object a worker has to work on. */
export const exactObject = (by: Author): Theirs<Record<string, unknown>> =>
  theirs(z.record(z.string(), z.unknown()), by, 'exact');
/** Any JSON value, passed on as it is. */
export const exactValue = (by: Author): Theirs<unknown> => theirs(z.unknown(), by, 'exact');
/** A JSON object that is read here and there. */
export const dataObject = (by: Author): Theirs<Record<string, unknown>> =>
  theirs(z.record(z.string(), z.unknown()), by, 'data');
/** A JSON object whose texts are sentences. */
export const proseObject = (by: Author): Theirs<Record<string, unknown>> =>
  theirs(z.record(z.string(), z.unknown()), by, 'prose');

/** A word the marketplace's program made. */
export const word = z.string();
authorship.add(word, { by: 'machine' });
/** What the caller said about itself. */
export const ownText = z.string();
authorship.add(ownText, { by: 'caller' });
/** A credential. */
export const secret = z.string();
authorship.add(secret, { by: 'secret' });
