import { closest } from '#kit/closest.ts';
import { createDocsLibrary } from '#server/docs-library.ts';
import { describeFlags, parseCommandLine, UsageError } from './flags.ts';
import { runCommand } from './run-command.ts';

const flags = {
  section: { type: 'string', value: 'HEADING', summary: 'Only this part of the page' },
  list: { type: 'boolean', summary: 'The topics there are' },
  json: { type: 'boolean', summary: 'Print one line of JSON' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-mcp skill [topic] [options]

Prints what a model reads about this marketplace, as Markdown: the skill, or the page of one topic.

${describeFlags(flags)}

Examples:
  sota-mcp skill
  sota-mcp skill sandbox
  sota-mcp skill error-codes > error-codes.md
  sota-mcp skill --list`;

export const command = {
  name: 'skill',
  summary: 'Print the skill, or the page of one topic',
  async run(argv: readonly string[]): Promise<number> {
    const { values, words } = parseCommandLine(argv, flags, 1);
    if (values.help) {
      console.log(help);
      return 0;
    }
    const docs = createDocsLibrary();
    const list = docs.list();
    if (values.list) {
      const width = Math.max(...list.map(({ slug }) => slug.length));
      return await runCommand(values.json, async () => ({
        facts: { topics: list },
        lines: list.map(({ slug, summary }) => `${slug.padEnd(width)}  ${summary}`),
      }));
    }
    const [topic = 'skill'] = words;
    const page = await docs.read(topic);
    const known = list.map(({ slug }) => slug);
    if (!page) throw new UsageError(unknown('page', topic, known));
    const part = values.section === undefined ? page : await docs.read(topic, values.section);
    if (!part) throw new UsageError(unknown('section', values.section ?? '', page.sections));
    return await runCommand(values.json, async () => ({
      facts: { topic: part.slug, title: part.title, text: part.text },
      lines: [part.text.trimEnd()],
    }));
  },
};

function unknown(what: string, given: string, known: readonly string[]): string {
  const meant = closest(given, known);
  return `There is no ${what} ${JSON.stringify(given.slice(0, 60))}${meant ? `; did you mean ${meant}?` : `; known are: ${known.join(', ')}`}`;
}
