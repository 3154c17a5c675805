/** What a model is made to read, in tokens, and how much of each we allow ourselves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encode } from 'gpt-tokenizer';
import { createDocsLibrary } from '#server/docs-library.ts';
import { docEntries } from '#server/docs-manifest.ts';
import { instructionsFor } from '#server/instructions.ts';
import { profiles, selectTools } from '#server/profiles.ts';
import { renderTool } from '#server/render.ts';
import { tools } from '#tools/registry.ts';
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
    { what: 'instructions', tokens: count(instructionsFor(tools)), budget: INSTRUCTIONS_BUDGET },
    ...pages.map(({ slug, text }) => ({ what: `flow ${slug}`, tokens: count(text), budget: FLOW_BUDGET })),
    ...Object.keys(profiles).map((profile) => ({
      what: `tools shown, ${profile}`,
      tokens: count(JSON.stringify(shown(profile))),
      budget: SHOWN_BUDGETS[profile] ?? 0,
    })),
    { what: 'tools/list', tokens: count(JSON.stringify(tools.map((tool) => renderTool(tool)))), budget: LIST_BUDGET },
  ];
}

function shown(profile: string) {
  const active = selectTools({ profile }, tools);
  const absent = tools.filter((tool) => !active.includes(tool)).map(({ name }) => name);
  return active
    .map((tool) => renderTool(tool, absent))
    .map(({ name, description, inputSchema }) => ({ name, description, input_schema: inputSchema }));
}
