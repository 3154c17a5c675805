import { operations } from '#contract/operations/registry.ts';
import { webhookEventTypes } from '#contract/webhook-events.ts';
import { closest } from '#kit/closest.ts';
import { type FaultKind, type FaultName, faultKinds, faultProfiles } from './fault-kinds.ts';

/**
 * Rules are separated by semicolons. A rule is KIND TARGET [WHEN], in this order:
 *
 *   KIND    a name of the table of kinds, `delay=300` with its argument
 *   TARGET  `*` for everything, the id of an operation (`deliver`), `METHOD path-glob` (`POST /api/v1/agents/*`), or for
 *           webhooks `webhook`, alone or with a glob of event types (`webhook job.*`)
 *   WHEN    `10%` of the calls, drawn from the seed; `#3` the third call that matches; `#2-4` the second to fourth;
 *           `every:5` each fifth; nothing for every call
 *
 * The name of a profile stands for its rules.
 */
export interface FaultRule {
  readonly kind: FaultName;
  readonly argument: number | undefined;
  readonly target: Target;
  readonly when: When;
  /** As it was written. */
  readonly text: string;
}

export type Target =
  | { readonly of: 'all' }
  | { readonly of: 'operation'; readonly id: string }
  | { readonly of: 'path'; readonly method: string; readonly glob: string }
  | { readonly of: 'webhook'; readonly glob: string };

export type When =
  | { readonly kind: 'always' }
  | { readonly kind: 'share'; readonly share: number }
  | { readonly kind: 'calls'; readonly from: number; readonly to: number }
  | { readonly kind: 'every'; readonly nth: number };

/** A specification that cannot be read; `message` says where, and what is allowed. */
export class FaultSpecError extends Error {
  override readonly name = 'FaultSpecError';
}

const MAX_RULES = 50;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', '*'];

/**
 * @throws FaultSpecError
 * @example parseFaults('drop-after deliver 10%; 429=2 list_agent_jobs #3')
 */
export function parseFaults(spec: string): FaultRule[] {
  const texts = spec
    .split(';')
    .map((text) => text.trim().replaceAll(/\s+/g, ' '))
    .filter(Boolean)
    .flatMap((text) =>
      Object.hasOwn(faultProfiles, text) ? profileRules(text as keyof typeof faultProfiles) : [text],
    );
  if (!texts.length) throw new FaultSpecError(`No faults are given. ${HOW}`);
  if (texts.length > MAX_RULES) throw new FaultSpecError(`${texts.length} rules are given; ${MAX_RULES} are allowed`);
  return texts.map((text, i) => parseRule(text, i + 1));
}

const HOW = 'A rule is KIND TARGET [WHEN], for example: drop-after deliver 10%';

function profileRules(name: keyof typeof faultProfiles): string[] {
  return faultProfiles[name].spec.split(';').map((text) => text.trim());
}

function parseRule(text: string, number: number): FaultRule {
  const fail = (why: string): never => {
    throw new FaultSpecError(`Rule ${number}, "${text.slice(0, 120)}": ${why}`);
  };
  const words = text.split(' ');
  const [head = '', ...rest] = words;
  const { kind, argument } = parseKind(head, fail);
  const last = rest.at(-1) ?? '';
  const isWhen = rest.length > 1 && /^[\d#]|^every/.test(last);
  const when = isWhen ? parseWhen(last, fail) : ({ kind: 'always' } as const);
  const target = parseTarget(isWhen ? rest.slice(0, -1) : rest, fail);
  if ((kind === 'duplicate') !== (target.of === 'webhook'))
    fail('duplicate is for webhooks, and webhooks know no other fault: duplicate webhook 20%');
  return { kind, argument, target, when, text };
}

function parseKind(head: string, fail: (why: string) => never): { kind: FaultName; argument: number | undefined } {
  const [name = '', given] = head.split('=', 2);
  if (!Object.hasOwn(faultKinds, name)) {
    const known = [...Object.keys(faultKinds), ...Object.keys(faultProfiles)];
    const either = ['500', '502', '503', 'drop', 'reset'].includes(name)
      ? `; say ${name}-before or ${name}-after: did it happen or not?`
      : didYouMean(name, known);
    return fail(`there is no fault ${JSON.stringify(name)}${either || '.'} Known are: ${known.join(', ')}`);
  }
  const kind = name as FaultName;
  const { argument } = (faultKinds as Readonly<Record<FaultName, FaultKind>>)[kind];
  if (!argument) return given === undefined ? { kind, argument: given } : fail(`${kind} takes no value`);
  if (given === undefined && argument.default !== undefined) return { kind, argument: argument.default };
  const value = /^\d{1,9}$/.test(given ?? '') ? Number(given) : Number.NaN;
  if (!(value >= argument.min && value <= argument.max))
    fail(`${kind}=N takes whole ${argument.name} from ${argument.min} to ${argument.max}`);
  return { kind, argument: value };
}

function parseWhen(word: string, fail: (why: string) => never): When {
  const share = /^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(word)?.[1];
  if (share !== undefined && Number(share) > 0 && Number(share) <= 100)
    return { kind: 'share', share: Number(share) / 100 };
  const calls = /^#(\d{1,9})(?:-(\d{1,9}))?$/.exec(word);
  const [from, to] = [Number(calls?.[1]), Number(calls?.[2] ?? calls?.[1])];
  if (calls && from >= 1 && to >= from) return { kind: 'calls', from, to };
  const nth = Number(/^every:(\d{1,9})$/.exec(word)?.[1]);
  if (nth >= 1) return { kind: 'every', nth };
  return fail(`${JSON.stringify(word)} does not say when: 10% (up to 100%), #3, #2-4 or every:5`);
}

function parseTarget(words: readonly string[], fail: (why: string) => never): Target {
  const [first = '', second, ...more] = words;
  if (!first) return fail(`which requests? ${HOW}`);
  if (more.length) return fail(`${JSON.stringify(more.join(' '))} is one word too many. ${HOW}`);
  if (first === 'webhook') return { of: 'webhook', glob: checkEvents(second ?? '*', fail) };
  if (second !== undefined) {
    const method = first.toUpperCase();
    if (!METHODS.includes(method)) fail(`there is no method ${first}; methods are ${METHODS.join(', ')}`);
    if (!second.startsWith('/') && second !== '*') fail(`a path starts with a slash: /api/v1/agents/*`);
    return { of: 'path', method, glob: second };
  }
  if (first === '*') return { of: 'all' };
  if (first.startsWith('/')) return { of: 'path', method: '*', glob: first };
  const ids = operations.map(({ id }) => id);
  if (ids.includes(first)) return { of: 'operation', id: first };
  return fail(
    `there is no operation ${JSON.stringify(first)}${didYouMean(first, ids)}. ` +
      'A target is *, an operation id of the OpenAPI document, METHOD /path/*, or webhook',
  );
}

function checkEvents(glob: string, fail: (why: string) => never): string {
  const types = Object.keys(webhookEventTypes);
  if (types.some((type) => matchesGlob(glob, type))) return glob;
  return fail(`no webhook event matches ${glob}${didYouMean(glob, types)}`);
}

function didYouMean(word: string, known: readonly string[]): string {
  const meant = closest(word, known);
  return meant ? `; did you mean ${meant}?` : '';
}

/** Whether a text fits a glob in which `*` stands for anything. */
export function matchesGlob(glob: string, text: string): boolean {
  const parts = glob.split('*');
  const [head = ''] = parts;
  if (!text.startsWith(head)) return false;
  if (parts.length === 1) return text === head;
  let at = head.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  const tail = parts.at(-1) ?? '';
  return text.length - tail.length >= at && text.endsWith(tail);
}
