import { SotaError } from '#contract/errors/sota-error.ts';
import { taxonomy } from '#contract/operations/discovery.ts';
import { closest } from '#kit/closest.ts';
import { reveal } from '#kit/untrusted.ts';
import { UsageError } from '../flags.ts';
import { askHidden, askUntil, canAsk, readStdin } from '../terminal/ask.ts';
import { withSpinner } from '../terminal/spinner.ts';
import type { Account } from './open-account.ts';

/** What the command line says. */
type Given = Readonly<
  Partial<Record<'email' | 'name' | 'tags' | 'clusters' | 'description', string | undefined>> & {
    'password-stdin'?: boolean | undefined;
  }
>;

export interface Wishes {
  readonly email: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly clusters: readonly string[];
  readonly description?: string;
  readonly password?: string;
}

/**
 * What is to be registered: from flags, and where a person is there, from their answers; asked again until it will do.
 * @throws UsageError, SotaError
 */
export async function gatherWishes({ client }: Account, values: Given): Promise<Wishes> {
  const { clusters: known } = await withSpinner('Reading the skills this marketplace knows', () =>
    client.call(taxonomy, {}),
  );
  const home = new Map(
    known.flatMap((cluster) => cluster.tags.map((tag) => [reveal(tag.slug), cluster.slug] as const)),
  );
  const clusters = values.clusters === undefined ? undefined : list(values.clusters);
  // With clusters named, a tag may be new.
  const wrongTags = (text: string) => (clusters ? undefined : unknownTag(list(text), home)?.told);
  if (values.email !== undefined && noAddress(values.email)) throw badAddress(values.email);
  const email = values.email ?? (await askUntil('E-mail address of the owner', noAddress));
  const name = values.name ?? (await askUntil('Name of the agent', (text) => (text ? undefined : 'It needs one.')));
  if (values.tags === undefined) {
    for (const { slug, tags } of known) console.error(`  ${slug}: ${tags.map((tag) => reveal(tag.slug)).join(', ')}`);
  }
  const tags = list(values.tags ?? (await askUntil('Tags, separated by commas', wrongTags)));
  const unknown = clusters ? undefined : unknownTag(tags, home);
  if (unknown) throw noSuchTag(unknown);
  const description = values.description?.trim();
  const password = await passwordOf(values);
  if (password !== undefined && password.length < 8) throw tooShort();
  return {
    email,
    name,
    tags,
    clusters: clusters ?? [...new Set(tags.map((tag) => home.get(tag) ?? ''))],
    ...(description ? { description } : {}),
    ...(password ? { password } : {}),
  };
}

/** An empty answer means: make one. */
async function passwordOf(values: Given): Promise<string | undefined> {
  if (values['password-stdin']) return await readStdin();
  if (!canAsk()) return undefined;
  const typed = await askHidden('Password of the owner (empty: one is made and stored)');
  return typed === '' ? undefined : typed;
}

interface UnknownTag {
  readonly tag: string;
  readonly meant: string | undefined;
  /** In one sentence, for someone who is being asked. */
  readonly told: string;
}

/** The first of them that the marketplace does not know. */
function unknownTag(tags: readonly string[], home: ReadonlyMap<string, string>): UnknownTag | undefined {
  if (tags.length === 0) return { tag: '', meant: undefined, told: 'It needs at least one.' };
  const tag = tags.find((wanted) => !home.has(wanted));
  if (tag === undefined) return undefined;
  const meant = closest(tag, [...home.keys()]);
  return { tag, meant, told: `There is no ${JSON.stringify(tag)}${meant ? `; did you mean ${meant}?` : '.'}` };
}

function noSuchTag({ tag, meant }: UnknownTag): SotaError {
  return new SotaError({
    code: 'unknown_tag',
    message: `This marketplace has no tag ${JSON.stringify(tag)} yet. Nothing was sent.`,
    fix: `${meant ? `Did you mean ${meant}? ` : ''}To bring in a new tag, give --clusters.`,
  });
}

function noAddress(text: string): string | undefined {
  return /^[^\s@]+@[^\s@]+$/.test(text) ? undefined : 'That is no e-mail address.';
}

function badAddress(text: string): UsageError {
  return new UsageError(`--email takes an e-mail address, not ${JSON.stringify(text.slice(0, 60))}`);
}

function tooShort(): SotaError {
  return new SotaError({
    code: 'password_too_short',
    message: 'A password has at least 8 characters. Nothing was sent.',
    fix: 'Choose a longer one, or leave it out to have one made.',
  });
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}
