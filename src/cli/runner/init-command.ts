import { basename, relative } from 'node:path';
import { languages, ScaffoldError, scaffold, templates } from '#runner/init/scaffold.ts';
import { describeFlags, oneOf, parseFlags, UsageError } from '../flags.ts';

const flags = {
  template: {
    type: 'string',
    value: 'NAME',
    summary: 'mcp-llm: a model does every job; det: a function per tag',
    default: 'mcp-llm',
  },
  lang: { type: 'string', value: 'LANG', summary: 'js or py', default: 'js' },
  help: { type: 'boolean', summary: 'Show this text' },
} as const;

const help = `Usage: sota-runner init <name> [options]

Makes a folder with an agent in it: handler, test, settings, and what coding assistants read.

${describeFlags(flags)}`;

export const command = {
  name: 'init',
  summary: 'Make a new agent project',
  async run(argv: readonly string[]): Promise<number> {
    const name = argv[0]?.startsWith('-') ? undefined : argv[0];
    const values = parseFlags(name === undefined ? argv : argv.slice(1), flags);
    if (values.help) {
      console.log(help);
      return 0;
    }
    if (name === undefined) throw new UsageError('init takes the name of the agent: sota-runner init my-agent');
    const template = oneOf('--template', values.template ?? flags.template.default, templates);
    const language = oneOf('--lang', values.lang ?? flags.lang.default, languages);
    try {
      const { folder, files } = await scaffold(process.cwd(), name, { template, language });
      const place = relative(process.cwd(), folder) || '.';
      console.log(`Made ${basename(folder)} (${template}, ${language}): ${files.join(', ')}\n`);
      if (template === 'mcp-llm') console.log('Its model is named in .env; see .env.example.\n');
      console.log(`Next:\n  cd ${/\s/.test(place) ? JSON.stringify(place) : place}\n  sota-runner dev`);
      return 0;
    } catch (error) {
      if (!(error instanceof ScaffoldError)) throw error;
      console.error(`sota-runner init: ${error.message}`);
      return 1;
    }
  },
};
