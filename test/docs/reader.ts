/**
 * Reads a page as a model does and says what in it is not so: names, arguments, codes, statuses, paths, figures, links
 * and example calls, each compared with the program. Pure, so that a planted mistake of each kind shows that it is seen.
 */
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { errorCatalogue } from '#contract/errors/catalogue.ts';
import { webhookEventTypes } from '#contract/webhook-events.ts';
import { docEntries } from '#server/docs-manifest.ts';
import { profiles } from '#server/profiles.ts';
import { commands } from '../../src/cli/commands.ts';
import { serveFlags } from '../../src/cli/serve-flags.ts';
import { figures } from './figures.ts';
import { type Page, readPage, root } from './pages.ts';
import { fields, ownErrorCodes, routes, toolByName, variables, vocabulary } from './vocabulary.ts';

/** A name that is explained where it stands, and is in no table of the program. */
const EXPLAINED = new Set([
  ...['sota-mcp', 'sota-runner'], // the programs
  ...['event', 'ts'], // of a webhook
  'required', // of JSON Schema
  'v1', // of a signature
  'whsec_',
]);
const codes = new Set([...Object.keys(errorCatalogue), ...ownErrorCodes()]);
const statuses = new Map(Object.entries(errorCatalogue).map(([code, { status }]) => [code, status]));
const httpStatuses = new Set([200, ...statuses.values()]);
const patterns = routes.map(({ method, path }) => ({ method, pattern: patternOf(path) }));
const NUMBERS = /\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty)\b/gi;
/** What a number counts, as far as it is a fact of the program. */
const COUNTED =
  /^ (?:more |wrong |complete |job |running )?(?:clocks?|submissions?|more|statuses|decimals|times|seconds|minutes|hours|days|calls|attempts|tests|characters|bids|jobs|retries)\b/;

/** @returns one line for each mistake: its kind, and the words */
export function mistakesIn(page: Page): string[] {
  const prose = withoutGenerated(page.prose);
  const coded = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text]) => text!);
  return [
    ...coded.flatMap(namesOf).map((name) => `name: ${name}`),
    ...coded.flatMap(argumentMistakes).map((text) => `argument: ${text}`),
    ...statusMistakes(prose).map((text) => `status: ${text}`),
    ...pathMistakes(page).map((text) => `path: ${text}`),
    ...figureMistakes(prose).map((text) => `figure: ${text}`),
    ...variableMistakes(page.text).map((text) => `variable: ${text}`),
    ...commandMistakes(page.text).map((text) => `command: ${text}`),
    ...brokenLinks(page).map((target) => `link: ${target}`),
    ...page.fences.flatMap(fenceMistakes),
  ];
}

function namesOf(text: string): string[] {
  const word = text.replace(/\(\)$/, '');
  if (!/^[a-z][a-z0-9]*(?:[_.-][a-z0-9]+)*_?$/.test(word) || EXPLAINED.has(word)) return [];
  if (vocabulary.has(word) || Object.hasOwn(webhookEventTypes, word)) return [];
  return [word];
}

/** `scope: assigned`, `passed: false` */
function argumentMistakes(text: string): string[] {
  const [, name, value] = /^([a-z_]+): ([\w-]+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) return [];
  const allowed = fields.get(name);
  if (!allowed) return [text];
  return allowed.size === 0 || allowed.has(value) || value === 'true' || value === 'false' ? [] : [text];
}

/** Numbers of HTTP, and those that stand before a code: `409 test_job_locked`. */
function statusMistakes(prose: string): string[] {
  const unknown = [...prose.matchAll(/(?<![\w.,-])([2-5]\d\d)(?![\w.,]*\d)(?! (?:seconds|characters))/g)]
    .map(([, status]) => status!)
    .filter((status) => !httpStatuses.has(Number(status)));
  const wrong = [...flat(prose).matchAll(/\b([45]\d\d) \(?((?:`[a-z_]+`(?:,? or |, )?)+)/g)].flatMap(
    ([, status, list]) =>
      [...list!.matchAll(/`([a-z_]+)`/g)]
        .map(([, code]) => code!)
        .filter((code) => statuses.has(code) && statuses.get(code) !== Number(status))
        .map((code) => `${status} ${code}`),
  );
  return [...unknown, ...wrong];
}

function pathMistakes({ prose, fences }: Page): string[] {
  const shell = fences.filter(({ language }) => language !== 'json').map(({ content }) => content);
  const found = [prose, ...shell].flatMap((text) => [
    ...text.matchAll(
      /(?:\b(GET|POST|PUT|PATCH|DELETE) `?)?(?:https?:\/\/[\w.:]+)?(\/(?:api\/v1|_local)(?:\/[\w{}.-]+)+)/g,
    ),
  ]);
  return found
    .map(([, method, path]) => ({ method, path: path!.replace(/\.$/, '') }))
    .filter(
      ({ method, path }) =>
        !patterns.some(
          (route) => route.pattern.test(path) && (method === undefined || (route.method ?? method) === method),
        ),
    )
    .map(({ method, path }) => `${method ?? ''} ${path}`.trim());
}

function figureMistakes(prose: string): string[] {
  const plain = flat(
    prose
      .replace(/^---\n[\s\S]*?\n---\n/, (frontmatter) => frontmatter.replace(/version: "[\d.]+"/, ''))
      .replace(/\]\([^)]*\)/g, ']')
      .replace(/^(#+ )?\s*\d+\. /gm, '$1'),
  );
  // What is set in code is compared as a name; the numbers of HTTP have their own rule.
  const left = figures
    .reduce((text, figure) => text.replaceAll(figure, '…'), plain)
    .replace(/`[^`]*`/g, '`…`')
    .replace(/(?<![\w.,])[2-5]\d\d(?! (?:seconds|characters))\b/g, '…');
  const digits = [...left.matchAll(/[\w.,]*\d[\w.,]*.{0,20}/g)].map(([found]) => found);
  const words = [...left.matchAll(NUMBERS)]
    .filter(({ 0: word, index }) => COUNTED.test(left.slice(index + word.length)))
    .map(({ index }) => left.slice(index, index + 30));
  return [...digits, ...words];
}

function variableMistakes(text: string): string[] {
  return [...text.matchAll(/\bSOTA_[A-Z][A-Z_]*[A-Z]\b/g)].map(([name]) => name).filter((name) => !variables.has(name));
}

function commandMistakes(text: string): string[] {
  const flags = [...text.matchAll(/(?:`|sota-mcp )--([a-z-]+)/g)].map(([, flag]) => flag!);
  const named = [...text.matchAll(/\bsota-mcp ([a-z]+(?:-[a-z]+)*)(?=[`\s])/g)].map(([, command]) => command!);
  const inCode = named.filter((command) => text.includes(`\`sota-mcp ${command}`));
  const chosen = [...text.matchAll(/--profile ((?:\w+\\?\|?)+)/g)].flatMap(([, list]) => list!.split(/\\?\|/));
  const topics = [...text.matchAll(/sota:\/\/docs\/([a-z-]+)/g)].map(([, topic]) => topic!);
  return [
    ...flags.filter((flag) => flag !== 'help' && !Object.hasOwn(serveFlags, flag)).map((flag) => `--${flag}`),
    ...inCode.filter((command) => !Object.hasOwn(commands, command)),
    ...chosen.filter((profile) => profile !== 'NAME' && !Object.hasOwn(profiles, profile)),
    ...topics.filter((topic) => !docEntries.some(({ slug }) => slug === topic)),
  ];
}

export function brokenLinks({ path, prose, anchors }: Page): string[] {
  return [...prose.matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^https?:/.test(target))
    .filter((target) => {
      const [file = '', anchor] = target.split('#');
      const at = file ? relative(root, join(root, dirname(path), file)) : path;
      if (!existsSync(join(root, at))) return true;
      if (anchor === undefined) return false;
      return !(at === path ? anchors : readPage(at).anchors).has(anchor);
    });
}

/** Example calls parse against their tool, and answers name codes, tools and fields that exist. */
function fenceMistakes({ language, content }: Page['fences'][number]): string[] {
  if (language !== 'json') return /^\s*\{\s*"tool"/.test(content) ? ['call: a call that is not marked as JSON'] : [];
  const value = JSON.parse(content) as Record<string, unknown>;
  if ('tool' in value) return callMistakes(value, false);
  const {
    error,
    code,
    next = [],
  } = value as { error?: { code?: string; next?: unknown[] }; code?: string; next?: unknown[] };
  const verdictCodes = ['ok', 'schema_violation', 'content_check_failed', 'invalid_json'];
  return [
    ...(error?.code !== undefined && !codes.has(error.code) ? [`code: ${error.code}`] : []),
    ...(code !== undefined && !verdictCodes.includes(code) ? [`code: ${code}`] : []),
    ...[...next, ...(error?.next ?? [])].flatMap((call) => callMistakes(call as Record<string, unknown>, true)),
  ];
}

/** @param open whether arguments may hold a place to be filled in, such as `<repaired result>` */
function callMistakes({ tool: name, arguments: args }: Record<string, unknown>, open: boolean): string[] {
  const tool = toolByName.get(String(name));
  if (!tool) return [`call: there is no tool ${name}`];
  const parsed = tool.input.safeParse(args);
  if (parsed.success) return [];
  const issues = open
    ? parsed.error.issues.filter(({ path }) => !/^</.test(String((args as Record<string, unknown>)[String(path[0])])))
    : parsed.error.issues;
  return issues.map((issue) => `call: ${name}: ${z.prettifyError({ issues: [issue] } as z.ZodError)}`);
}

function withoutGenerated(prose: string): string {
  return prose.replace(/<!-- generated:[\s\S]*?<!-- \/generated -->/g, '');
}

function flat(text: string): string {
  return text.replace(/\s+/g, ' ');
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
}
