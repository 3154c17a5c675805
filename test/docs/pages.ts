import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Page {
  /** Below the root. */
  readonly path: string;
  readonly text: string;
  /** The text with fenced blocks blanked out, line by line. */
  readonly prose: string;
  readonly fences: readonly { readonly language: string; readonly content: string }[];
  /** The anchors its headings have. */
  readonly anchors: ReadonlySet<string>;
}

/** Every page a reader is given. */
export const pages: readonly Page[] = [
  'README.md',
  'SKILL.md',
  'AGENTS.md',
  ...['docs', 'skill'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
      .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  ),
].map(readPage);

export function readPage(path: string): Page {
  return pageOf(path, readFileSync(join(root, path), 'utf8'));
}

/** A page with this text, wherever the text comes from. */
export function pageOf(path: string, text: string): Page {
  const fences: { language: string; content: string }[] = [];
  const prose = text.replace(/^```(\w*)\n([\s\S]*?)^```$/gm, (block, language: string, content: string) => {
    fences.push({ language, content });
    return block.replace(/[^\n]/g, '');
  });
  const anchors = new Set([...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => anchorOf(heading!)));
  return { path, text, prose, fences, anchors };
}

/** The anchor GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
