import { z } from 'zod';
import { closest } from '#kit/closest.ts';
import { FaultSpecError, parseFaults } from '../../faults/fault-spec.ts';
import { tags as taxonomyTags } from '../../taxonomy/taxonomy.ts';
import { type Scenario, scenarioSchema } from './scenario-schema.ts';

/** A scenario that cannot be played; `message` has a line for each problem: file, path, what is wrong, what is allowed. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

const MOST_PROBLEMS = 10;

/**
 * Reads a scenario.
 * @param file only for messages
 * @throws ScenarioError
 * @example parseScenario('{"requesters": [{"name": "Acme"}]}', 'exam.json')
 */
export function parseScenario(text: string, file: string): Scenario {
  const parsed = scenarioSchema.safeParse(json(text, file));
  const problems = parsed.success ? contradictions(parsed.data) : parsed.error.issues.flatMap(explain);
  if (problems.length) {
    const shown = problems.slice(0, MOST_PROBLEMS).map(({ path, words }) => `${file}: ${where(path)}: ${words}`);
    const more = problems.length > MOST_PROBLEMS ? [`and ${problems.length - MOST_PROBLEMS} more`] : [];
    throw new ScenarioError([...shown, ...more].join('\n'));
  }
  return parsed.data as Scenario;
}

interface Problem {
  readonly path: readonly PropertyKey[];
  readonly words: string;
}

function json(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const at = Number(/position (\d+)/.exec(words)?.[1] ?? Number.NaN);
    const line = Number.isNaN(at) ? '' : `:${text.slice(0, at).split('\n').length}`;
    throw new ScenarioError(`${file}${line}: not JSON: ${words}. A scenario is one JSON object`);
  }
}

function where(path: readonly PropertyKey[]): string {
  return path.length
    ? path
        .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
        .join('')
        .replace(/^\./, '')
    : 'the scenario';
}

function explain(issue: z.core.$ZodIssue): Problem[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = namesAt(path);
    return issue.keys.map((key) => {
      // Units stand at the end of names: whoever forgets one means the name that goes on.
      const meant = known.find((name) => name.startsWith(`${key}_`)) ?? closest(key, known);
      const words = `there is no such field${meant ? `; did you mean ${meant}?` : ''}${known.length ? ` Allowed are: ${known.join(', ')}` : ''}`;
      return { path: [...path, key], words };
    });
  }
  if (issue.code === 'invalid_union' && issue.errors.length) {
    // The alternative that got furthest is the one that was meant.
    const [best = []] = [...issue.errors].sort((a, b) => depth(b) - depth(a));
    if (depth(best) > 0) return best.flatMap((inner) => explain({ ...inner, path: [...path, ...inner.path] }));
  }
  return [{ path, words: issue.message }];
}

function depth(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly code?: string | undefined }[],
): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

/** The fields that are allowed at a place of a scenario. */
function namesAt(path: readonly PropertyKey[]): string[] {
  let nodes: SchemaNode[] = [z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode];
  const spread = (all: readonly SchemaNode[]): SchemaNode[] =>
    all.flatMap((node) => [node, ...spread([...(node.anyOf ?? []), ...(node.oneOf ?? [])])]);
  for (const part of path) {
    nodes = spread(nodes).flatMap(
      (node) => (typeof part === 'number' ? node.items : node.properties?.[String(part)]) ?? [],
    );
  }
  return [...new Set(spread(nodes).flatMap((node) => Object.keys(node.properties ?? {})))];
}

/** What every field allows and the whole does not. */
function contradictions(scenario: Scenario): Problem[] {
  const { candidates = [], requesters = [], rivals = [], jobs = [], clock = [] } = scenario;
  const problems: Problem[] = [];
  const say = (path: readonly PropertyKey[], words: string) => problems.push({ path, words });
  const known = (path: readonly PropertyKey[], given: string, names: readonly string[], what: string) => {
    if (names.includes(given)) return;
    const meant = closest(given, names);
    const all = names.length ? ` There ${names.length === 1 ? 'is' : 'are'}: ${names.join(', ')}` : ` ${what} is empty`;
    say(path, `there is no ${JSON.stringify(given)} in ${what}${meant ? `; did you mean ${meant}?` : '.'}${all}`);
  };
  const slugs = taxonomyTags.map(({ slug }) => slug);
  const knownTags = (path: readonly PropertyKey[], tags: readonly string[]) => {
    for (const [i, tag] of tags.entries()) if (!slugs.includes(tag)) known([...path, i], tag, slugs, 'the taxonomy');
  };

  const people = [
    ...candidates.map((one, i) => ({ name: one.name, path: ['candidates', i, 'name'] })),
    ...requesters.map((one, i) => ({ name: one.name, path: ['requesters', i, 'name'] })),
    ...rivals.map((one, i) => ({ name: one.name, path: ['rivals', i, 'name'] })),
    ...jobs.flatMap((one, i) =>
      one.name === undefined ? [] : [{ name: `job ${one.name}`, path: ['jobs', i, 'name'] }],
    ),
  ];
  for (const [i, { name, path }] of people.entries()) {
    if (people.findIndex((other) => other.name === name) < i)
      say(path, 'this name is taken; every name stands for one');
  }
  const keys = candidates.flatMap(({ api_key }) => api_key ?? []);
  for (const [i, { api_key }] of candidates.entries()) {
    if (api_key !== undefined && keys.indexOf(api_key) !== keys.lastIndexOf(api_key))
      say(['candidates', i, 'api_key'], 'two candidates have this key');
    knownTags(['candidates', i, 'tags'], candidates[i]?.tags ?? []);
  }
  for (const [i, { tags }] of rivals.entries()) knownTags(['rivals', i, 'tags'], tags);

  for (const [i, job] of jobs.entries()) {
    const at = (...rest: PropertyKey[]) => ['jobs', i, ...rest];
    known(
      at('by'),
      job.by,
      requesters.map(({ name }) => name),
      'requesters',
    );
    if (job.at_seconds !== undefined && job.when !== undefined) say(at('when'), 'give at_seconds or when, not both');
    if (job.tag === undefined && (job.description === undefined || job.tags === undefined))
      say(at(), 'give tag, and the job is made up; or description and tags, and it is yours');
    const own = ['description', 'tags', 'parameters', 'expected_schema'] as const;
    for (const field of own)
      if (job.tag !== undefined && job[field] !== undefined)
        say(at(field), 'a job with tag has its own; leave out one of them');
    if (job.tag === undefined && job.budget_usdc === undefined)
      say(at('budget_usdc'), 'a job without tag needs a budget');
    if (job.tag !== undefined) known(at('tag'), job.tag, slugs, 'the taxonomy');
    knownTags(at('tags'), job.tags ?? []);
    for (const [k, bid] of (job.bids ?? []).entries()) {
      known(
        at('bids', k, 'by'),
        bid.by,
        rivals.map(({ name }) => name),
        'rivals',
      );
      if (job.budget_usdc !== undefined && bid.amount_usdc > job.budget_usdc)
        say(at('bids', k, 'amount_usdc'), `is above the budget of ${job.budget_usdc}`);
      if (bid.after_seconds !== undefined && bid.after_seconds >= (job.window_seconds ?? DEFAULT_WINDOW))
        say(
          at('bids', k, 'after_seconds'),
          `comes after the window of ${job.window_seconds ?? DEFAULT_WINDOW} s has closed`,
        );
    }
  }
  const names = jobs.flatMap((job) => job.name ?? []);
  for (const [i, move] of clock.entries()) {
    if ((move.at_seconds === undefined) === (move.after_delivery_of === undefined))
      say(['clock', i], 'give at_seconds or after_delivery_of, one of them');
    if (move.after_delivery_of !== undefined)
      known(['clock', i, 'after_delivery_of'], move.after_delivery_of, names, 'the names of jobs');
  }
  if (scenario.faults !== undefined) {
    try {
      parseFaults(scenario.faults);
    } catch (error) {
      if (!(error instanceof FaultSpecError)) throw error;
      say(['faults'], error.message);
    }
  }
  return problems;
}

/** Of jobs that do not say: exact situations are usually short. */
export const DEFAULT_WINDOW = 15;
