import { docEntries } from './docs-manifest.ts';
import { loadDocs } from './embedded-docs.ts';

let loading: ReturnType<typeof loadDocs> | undefined;

/**
 * A page of the skill as it is published, header and all, by its path below the root of the package. The text is loaded
 * with the first page that is asked for.
 * @example await readSkillPage('skill/flows/sandbox.md')
 */
export async function readSkillPage(path: string): Promise<string | undefined> {
  const entry = docEntries.find((candidate) => candidate.path === path);
  if (!entry) return undefined;
  loading ??= loadDocs();
  return (await loading)[entry.slug];
}
