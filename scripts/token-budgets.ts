/** What a model is made to read, in tokens, and how much of each we allow ourselves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'gpt-tokenizer';
import { catalogue } from '#server/built-catalogue.ts';
import { absentFrom, listTools } from '#server/catalogue.ts';
import { createDocsLibrary } from '#server/docs-library.ts';
import { docEntries } from '#server/docs-manifest.ts';
import { instructionsFor } from '#server/instructions.ts';
import { profiles, selectTools } from '#server/profiles.ts';
import { root } from './steps.ts';

export interface Measured {
  readonly what: string;
  readonly tokens: number;
  readonly budget: number;
}

const SKILL_BUDGET = 5_000;
const INSTRUCTIONS_BUDGET = 600;
const FLOW_BUDGET = 4_000;
const LIST_BUDGET = 9_000;
/** Name, description and input schema of the tools of a profile: what hosts put before a model. */
const SHOWN_BUDGETS: Readonly<Record<string, number>> = {
  full: 3_700,
  worker: 2_400,
  requester: 2_000,
  observe: 1_600,
};

/** @example (await measureTokens()).filter(({ tokens, budget }) => tokens > budget) */
export async function measureTokens(): Promise<Measured[]> {
  const docs = createDocsLibrary();
  const count = (text: string) => encode(text).length;
  const flows = docEntries.filter(({ path }) => path.startsWith('skill/flows/'));
  const pages = await Promise.all(flows.map(async ({ slug }) => ({ slug, text: (await docs.read(slug))?.text ?? '' })));
  return [
    { what: 'SKILL.md', tokens: count(readFileSync(join(root, 'SKILL.md'), 'utf8')), budget: SKILL_BUDGET },
    { what: 'instructions', tokens: count(instructionsFor(catalogue.tools, [])), budget: INSTRUCTIONS_BUDGET },
    ...pages.map(({ slug, text }) => ({ what: `flow ${slug}`, tokens: count(text), budget: FLOW_BUDGET })),
    ...Object.keys(profiles).map((profile) => ({
      what: `tools shown, ${profile}`,
      tokens: count(JSON.stringify(shown(profile))),
      budget: SHOWN_BUDGETS[profile] ?? 0,
    })),
    { what: 'tools/list', tokens: count(JSON.stringify(listTools(catalogue.tools, []))), budget: LIST_BUDGET },
  ];
}

function shown(profile: string) {
  const active = selectTools({ profile }, catalogue.tools);
  return listTools(active, absentFrom(active, catalogue)).map(({ name, description, inputSchema }) => ({
    name,
    description,
    input_schema: inputSchema,
  }));
}
