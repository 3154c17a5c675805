/** Everything pages may name, from where the program has it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errorCatalogue, failureCodes } from '#contract/errors/catalogue.ts';
import { operations } from '#contract/operations/registry.ts';
import { agentMachine } from '#contract/states/agent.ts';
import { bidMachine } from '#contract/states/bid.ts';
import { escrowMachine } from '#contract/states/escrow.ts';
import { jobMachine } from '#contract/states/job.ts';
import { testJobMachine } from '#contract/states/test-job.ts';
import { verdictFailureCodes } from '#contract/verdict.ts';
import { webhookEventTypes } from '#contract/webhook-events.ts';
import { clusters, tags } from '#market/taxonomy/taxonomy.ts';
import { scenarioSchema } from '#market/world/scenario/scenario-schema.ts';
import { faultNames } from '#runner/sdk/faulty-front.ts';
import { docEntries } from '#server/docs-manifest.ts';
import { profiles } from '#server/profiles.ts';
import { tools } from '#tools/registry.ts';
import { root } from './pages.ts';

/** Not in any table of the contract, and explained where they are used. */
const OTHERS = [
  'auto_release', // instruction of the on-chain program
  'cancelled_by_requester', // error_code of a job
  ...['refused_by_policy', 'previous_resolved', 'possible_duplicate'], // outcomes of a tool
  'env_vars', // configuration of a client
  'hidden_characters_removed', // in `untrusted` of an answer
  'marketplace_said', // of an error
  'pg_dump', // program of PostgreSQL
  'postgres_changes', // of the Realtime channel
];
// Fields of every tool's answer and of every error (docs/architecture.md).
const ENVELOPE = ['retry_after_seconds', 'did_you_mean', 'next_cursor', 'next', 'recovery', 'untrusted', 'fix'];
const OUTCOMES = ['done', 'replayed', 'joined', 'previous_resolved', 'possible_duplicate', 'needs_approval'];
const REFUSALS = ['rejected', 'unknown', 'refused_by_policy'];
const EVIDENCE = ['documented', 'sdk', 'proposed'];
const ERROR_FIELDS = ['code', 'message', 'retryable', 'detail', 'outcome'];

export const machines = [agentMachine, jobMachine, bidMachine, escrowMachine, testJobMachine];
export const toolByName = new Map(tools.map((tool) => [tool.name, tool]));

const schemas = [
  ...operations.flatMap(({ params, query, body, response }) => [params, query, body, response]),
  ...tools.flatMap(({ input, output }) => [input, output]),
];
/** Which values a field has where a schema lists them; empty where any will do. */
export const fields = new Map<string, Set<string>>();
for (const schema of schemas) collect(schema);
for (const [name, values] of [
  ['outcome', [...OUTCOMES, ...REFUSALS]],
  ['retryable', ['true', 'false']],
  ['passed', ['true', 'false']],
] as const) {
  fields.set(name, new Set(values));
}
for (const machine of machines) for (const state of Object.keys(machine.states)) fields.get('status')?.add(state);

/** Prompts, as the server registers them. */
export const promptNames = [
  ...readFileSync(join(root, 'src/server/prompts.ts'), 'utf8').matchAll(/registerPrompt\(\s*'([\w-]+)'/g),
].map(([, name]) => name!);

/** The operations of the contract, and what only the local marketplace has below `/_local` (by any method). */
export const routes: readonly { readonly method?: string; readonly path: string }[] = [
  ...operations,
  ...sourcesIn('src/market/http/routes').flatMap((source) =>
    [...source.matchAll(/path: '(\/_local[^']*)'/g)].map(([, path]) => ({ path: path! })),
  ),
];

/** Variables of the environment that the program reads. */
export const variables = new Set(
  sourcesIn('src').flatMap((source) => [...source.matchAll(/(?<!\w)SOTA_[A-Z][A-Z_]*[A-Z]\b/g)].map(([name]) => name)),
);

/** Words a page may set in code. */
export const vocabulary = new Set<string>([
  ...[...OTHERS, ...ENVELOPE, ...OUTCOMES, ...REFUSALS, ...EVIDENCE, ...ERROR_FIELDS],
  ...toolByName.keys(),
  ...Object.keys(errorCatalogue),
  ...ownErrorCodes(),
  ...failureCodes,
  ...verdictFailureCodes,
  ...machines.flatMap((machine) => Object.keys(machine.states)),
  ...fields.keys(),
  ...[...fields.values()].flatMap((values) => [...values]),
  ...wordsOf(scenarioSchema),
  ...faultNames,
  ...Object.keys(profiles),
  ...docEntries.map(({ slug }) => slug),
  ...promptNames,
  ...clusters.map(({ slug }) => slug),
  ...tags.map(({ slug }) => slug),
  ...Object.keys(webhookEventTypes),
]);

/** Codes of refusals that never reach a marketplace: the literals of the factories that make them. */
export function ownErrorCodes(): string[] {
  return ['src/contract/errors', 'src/client', 'src/tools', 'src/server']
    .flatMap(sourcesIn)
    .flatMap((source) => [...source.matchAll(/\bcode: '(\w+)'/g)])
    .map(([, code]) => code!);
}

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}

function jsonSchemaOf(schema: z.ZodType): unknown {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}

/** The property names and enumerated words anywhere in a schema. */
function wordsOf(schema: z.ZodType): string[] {
  const words: string[] = [];
  visit(jsonSchemaOf(schema), (name, values) => words.push(name, ...values));
  return words;
}

function collect(schema: z.ZodType | undefined): void {
  if (!schema) return;
  visit(jsonSchemaOf(schema), (name, values) => {
    fields.set(name, new Set([...(fields.get(name) ?? []), ...values]));
  });
}

/** Calls back with every property and the words it is limited to. */
function visit(node: unknown, found: (name: string, values: string[]) => void): void {
  if (typeof node !== 'object' || node === null) return;
  const { properties, ...rest } = node as Record<string, unknown>;
  for (const [name, schema] of Object.entries((properties ?? {}) as Record<string, unknown>))
    found(name, limits(schema));
  for (const child of Object.values({ ...rest, properties })) visit(child, found);
}

function limits(schema: unknown): string[] {
  const { enum: values, const: only, anyOf, items } = (schema ?? {}) as Record<string, unknown>;
  return [
    ...(Array.isArray(values) ? values.filter((value) => typeof value === 'string') : []),
    ...(typeof only === 'string' ? [only] : []),
    ...(Array.isArray(anyOf) ? anyOf.flatMap(limits) : []),
    ...(items === undefined ? [] : limits(items)),
  ];
}
