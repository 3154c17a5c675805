import type { Recorded } from './journey.ts';
import { createNames, renderExample } from './render.ts';

const BLOCK = /^<!-- recorded:(\S+) -->\n[\s\S]*?^<!-- \/recorded -->/gm;
const OPENING = /^<!-- recorded:/gm;

/** A page by its path. */
export type Pages = ReadonlyMap<string, string>;

/**
 * The pages with every recorded block filled in; the rest stays as it is.
 * @throws Error where a block names no recording, has no end, or a recording is used by no page
 */
export function fillExamples(pages: Pages, recorded: readonly Recorded[]): Map<string, string> {
  const names = createNames();
  // In the order they happened, so that an id is named where it first appears.
  const rendered = new Map(recorded.map((example) => [example.name, renderExample(example, names)]));
  const used = new Set<string>();
  const filled = new Map<string, string>();
  for (const [path, page] of pages) {
    let blocks = 0;
    const text = page.replace(BLOCK, (_, name: string) => {
      blocks += 1;
      const example = rendered.get(name);
      if (example === undefined) throw new Error(`${path}: nothing is recorded as "${name}"`);
      used.add(name);
      return `<!-- recorded:${name} -->\n\n${example}\n\n<!-- /recorded -->`;
    });
    if (blocks !== (page.match(OPENING)?.length ?? 0)) throw new Error(`${path}: a recorded block has no end`);
    filled.set(path, text);
  }
  const unused = [...rendered.keys()].filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`no page shows ${unused.join(', ')}`);
  return filled;
}
