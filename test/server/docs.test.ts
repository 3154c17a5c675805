import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createDocsLibrary } from '#server/docs-library.ts';
import { docEntries } from '#server/docs-manifest.ts';
import { tools } from '#tools/registry.ts';
import { runTool } from '#tools/run-tool.ts';
import { contextOf, fakeSession } from '../tools/fake-session.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const docs = createDocsLibrary();
const readDoc = (args: object) =>
  runTool(tools.find(({ name }) => name === 'read_doc')!, args, contextOf(fakeSession({}).session, { docs }));

describe('the documentation inside the package', () => {
  it('is every page of the skill', () => {
    const files = readdirSync(`${root}skill`, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.md'),
    );
    expect(docEntries.map(({ path }) => path).sort()).toEqual(
      [...files.map((file) => `skill/${file}`), 'SKILL.md'].sort(),
    );
  });

  it.each(docEntries)('$slug is headed by its title', async ({ slug, title }) => {
    const page = await docs.read(slug);
    expect(page?.text).toMatch(/^# /);
    expect(page!.text.startsWith(`# ${title}`), `${slug} is headed ${page!.text.split('\n')[0]}`).toBe(true);
  });

  it('is listed, read whole, by section and by the names models give', async () => {
    expect((await readDoc({})).text).toContain('- sandbox: Pass the sandbox.');
    const whole = (await readDoc({ topic: 'skill/flows/sandbox.md' })).text as string;
    expect(whole).toMatch(/^# Pass the sandbox/);
    const { sections } = (await docs.read('sandbox'))!;
    const part = (await readDoc({ topic: 'sota://docs/sandbox', section: sections[1]! })).text as string;
    expect(part.startsWith(`## ${sections[1]}`)).toBe(true);
    expect(part.length).toBeLessThan(whole.length);
  });

  it('comes in pages, none of which a host cuts', async () => {
    for (const { slug } of docEntries) {
      const text = (await readDoc({ topic: slug })).text as string;
      expect(text.length).toBeLessThan(20_000);
    }
  });

  it('teaches about a page or section that does not exist', async () => {
    await expect(readDoc({ topic: 'sandbx' })).rejects.toMatchObject({ code: 'doc_not_found', didYouMean: 'sandbox' });
    await expect(readDoc({ topic: 'sandbox', section: 'zzz' })).rejects.toMatchObject({ code: 'doc_not_found' });
  });
});
