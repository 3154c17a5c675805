import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const templates = ['mcp-llm', 'det'] as const;
export const languages = ['js', 'py'] as const;
export type Template = (typeof templates)[number];
export type Language = (typeof languages)[number];

/** The project cannot be made there; `message` says why and what to do. */
export class ScaffoldError extends Error {
  override readonly name = 'ScaffoldError';
}

export interface Scaffolded {
  readonly folder: string;
  /** Relative to it, sorted. */
  readonly files: readonly string[];
  readonly handler: string;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** What a published package cannot contain under its own name. */
const DOTTED = /^_(gitignore|env\.example|mcp\.json|cursorrules)$/;

/**
 * Makes a new agent project in a new folder.
 * @throws ScaffoldError
 * @example await scaffold(process.cwd(), 'my-agent', { template: 'det', language: 'js' })
 */
export async function scaffold(
  parent: string,
  name: string,
  { template, language }: { readonly template: Template; readonly language: Language },
): Promise<Scaffolded> {
  const folder = resolve(parent, name);
  const title = basename(folder);
  if (!NAME.test(title)) {
    throw new ScaffoldError(`'${title}' is no name for an agent: lower-case letters, digits, dots and dashes`);
  }
  if (existsSync(folder) && (await readdir(folder)).length > 0) {
    throw new ScaffoldError(`${folder} exists and is not empty. Give another name, or empty it first`);
  }
  const handler = language === 'py' ? 'dispatch.py' : 'dispatch.mjs';
  const words = {
    name: title,
    handler,
    test:
      language === 'py'
        ? 'python3 -m unittest   # the tests of the handler'
        : 'npm test              # the tests of the handler',
    lastValidation: language === 'py' ? "`job['last_validation']`" : '`ctx.lastValidation`',
  };
  const sources = ['shared', language === 'py' ? `${template}-py` : template];
  // A template's file of the same name continues the shared one.
  const texts = new Map<string, string>();
  for (const source of sources) {
    const from = join(templateRoot(), source);
    for (const file of await readdir(from)) {
      const target = DOTTED.test(file) ? `.${file.slice(1)}` : file;
      texts.set(target, (texts.get(target) ?? '') + fillIn(await readFile(join(from, file), 'utf8'), words));
    }
  }
  await mkdir(folder, { recursive: true });
  for (const [target, text] of texts) await writeFile(join(folder, target), text);
  return { folder, files: [...texts.keys()].sort(), handler };
}

function fillIn(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, word: string) => words[word] ?? whole);
}

/** The folder of templates, beside dist/ in the package and beside src/ in the repository. */
function templateRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, 'templates');
    if (existsSync(join(candidate, 'shared', 'AGENTS.md'))) return candidate;
    if (dirname(folder) === folder) throw new ScaffoldError('The templates are missing from this installation');
  }
}
