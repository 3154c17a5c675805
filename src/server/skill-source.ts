import { type SkillSource, SkillsExtension, skillEntry } from '@modelcontextprotocol/server/ext/skills';
import { docEntries } from './docs-manifest.ts';
import { loadDocs } from './embedded-docs.ts';

/** The skill's name and folder; its front matter says the same. */
const NAME = 'sota-marketplace';
const BASE = `skill://${NAME}`;
const DIRECTORY = 'inode/directory';
const MARKDOWN = 'text/markdown';

type Files = Readonly<Record<string, string>>;

/**
 * The skill with its pages, as MCP's skills extension serves them (SEP-2640): the files as they are published, with
 * digests. Nothing is loaded before someone asks.
 * @example createSkill().attach(server) // before connecting
 */
export function createSkill(load: typeof loadDocs = loadDocs): SkillsExtension {
  let loading: Promise<{ files: Files; entry: Awaited<ReturnType<typeof skillEntry>> }> | undefined;
  const loaded = () => {
    loading ??= load().then(async (texts) => {
      const files = Object.fromEntries(docEntries.map(({ slug, path }) => [path, texts[slug] ?? '']));
      return { files, entry: await skillEntry(NAME, files) };
    });
    return loading;
  };
  const source: SkillSource = {
    list: async () => ({ skills: [(await loaded()).entry] }),
    async get(uri) {
      const { entry } = await loaded();
      return entry.uri === uri ? entry : undefined;
    },
    async read(uri) {
      const { files } = await loaded();
      const path = pathOf(uri);
      const text = path !== undefined && Object.hasOwn(files, path) ? files[path] : undefined;
      return text === undefined ? undefined : { text, mimeType: MARKDOWN };
    },
    async readDirectory(uri) {
      const { files } = await loaded();
      const folder = pathOf(uri);
      if (folder === undefined) return undefined;
      const resources = childrenOf(files, folder);
      return resources.length === 0 ? undefined : { resources };
    },
    async listResources() {
      const { entry, files } = await loaded();
      const { description } = entry.frontmatter;
      return [
        {
          uri: entry.uri,
          name: NAME,
          title: 'The skill of this marketplace',
          ...(typeof description === 'string' ? { description } : {}),
          mimeType: MARKDOWN,
          size: Buffer.byteLength(files['SKILL.md'] ?? ''),
          annotations: { audience: ['assistant'], priority: 0.6 },
        },
      ];
    },
  };
  return new SkillsExtension({
    source,
    baseUri: 'skill://',
    cacheHint: { ttlMs: 3_600_000, cacheScope: 'public' },
    onWarning: () => undefined,
  });
}

/** The path of a file or folder inside the skill; the empty text is its root. */
function pathOf(uri: string): string | undefined {
  if (uri === BASE || uri === `${BASE}/`) return '';
  return uri.startsWith(`${BASE}/`) ? uri.slice(BASE.length + 1).replace(/\/$/, '') : undefined;
}

function childrenOf(files: Files, folder: string) {
  const start = folder === '' ? '' : `${folder}/`;
  const below = Object.keys(files).filter((path) => path.startsWith(start));
  const names = [...new Set(below.map((path) => path.slice(start.length).split('/')[0] ?? ''))].sort();
  return names.map((name) => {
    const text = files[start + name];
    const uri = `${BASE}/${start}${name}`;
    return text === undefined
      ? { uri, name, mimeType: DIRECTORY }
      : { uri, name, mimeType: MARKDOWN, size: Buffer.byteLength(text) };
  });
}
