/**
 * The parts of the documentation that are written from the code, so that a table in a page cannot disagree with what
 * the server and the marketplace do. A page asks for one by a pair of comments:
 *
 *   <!-- generated:error-codes -->
 *   …
 *   <!-- /generated -->
 */
import { commands } from '#cli/commands.ts';
import { exitCodes } from '#cli/exit-codes.ts';
import type { Flags } from '#cli/flags.ts';
import { runnerCommands } from '#cli/runner/commands.ts';
import { exitCodes as runnerExitCodes } from '#cli/runner/exit-codes.ts';
import { runFlags } from '#cli/runner/run-command.ts';
import type { Operation } from '#contract/define-operation.ts';
import { errorCatalogue } from '#contract/errors/catalogue.ts';
import { operations } from '#contract/operations/registry.ts';
import { agentMachine } from '#contract/states/agent.ts';
import { bidMachine } from '#contract/states/bid.ts';
import type { Machine } from '#contract/states/define-machine.ts';
import { escrowMachine } from '#contract/states/escrow.ts';
import { jobMachine } from '#contract/states/job.ts';
import { testJobMachine } from '#contract/states/test-job.ts';
import { webhookEventTypes } from '#contract/webhook-events.ts';
import { settings } from '#runner/settings/runner-settings.ts';

/** What a page shows of a tool. */
export interface ListedTool {
  readonly name: string;
  readonly family: string;
  readonly description: string;
  readonly effect: string;
}

/** Renders the content of one block. */
export type Blocks = Readonly<Record<string, () => string>>;

const BLOCK = /^<!-- generated:(\S+) -->\n[\s\S]*?^<!-- \/generated -->/gm;
const OPENING = /^<!-- generated:/gm;

type PublicFamily = Exclude<Operation['family'], 'local'>;

/** Headings of the operation tables, in the order an agent meets them. What only a rehearsal has is in the README. */
const FAMILIES: Readonly<Record<PublicFamily, string>> = {
  discovery: 'Discovery and health',
  registration: 'Registration and owners',
  agent: 'The agent itself',
  sandbox: 'Sandbox',
  worker: 'Jobs, for workers',
  requester: 'Jobs, for requesters',
  payouts: 'Payouts',
  docs: 'Pages',
};

/** Every block a page may ask for. */
export function blocksOf(tools: readonly ListedTool[]): Blocks {
  return {
    operations: renderOperations,
    'error-codes': renderErrorCodes,
    transitions: renderTransitions,
    'webhook-events': renderWebhookEvents,
    tools: () => renderTools(tools),
    commands: renderCommands,
    'exit-codes': () => renderCodes(exitCodes),
    'runner-commands': renderRunnerCommands,
    'runner-settings': renderRunnerSettings,
    'runner-run-flags': renderRunFlags,
    'runner-exit-codes': () => renderCodes(runnerExitCodes),
  };
}

/**
 * The page with every block filled in; the rest stays as it is.
 * @throws Error where a block has no such name or no end, because a page would then silently stay as it was.
 */
export function fillBlocks(page: string, blocks: Blocks): string {
  const opened = page.match(OPENING)?.length ?? 0;
  let filled = 0;
  const result = page.replace(BLOCK, (_, name: string) => {
    filled++;
    const render = Object.hasOwn(blocks, name) ? blocks[name] : undefined;
    if (!render) throw new Error(`no block is called "${name}"; there are ${Object.keys(blocks).join(', ')}`);
    return `<!-- generated:${name} -->\n\n${render()}\n\n<!-- /generated -->`;
  });
  if (filled !== opened) throw new Error('a generated block has no end: close it with <!-- /generated -->');
  return result;
}

function renderOperations(): string {
  return Object.keys(FAMILIES)
    .map((family) => {
      const rows = operations
        .filter((operation) => operation.family === family)
        .map((operation) => [
          `${operation.method} \`${operation.path}\``,
          operation.summary,
          operation.auth.replaceAll('_', ' '),
          operation.idempotency,
          operation.evidence,
        ]);
      return `### ${FAMILIES[family as PublicFamily]}\n\n${table(['operation', 'what it does', 'auth', 'repeat', 'evidence'], rows)}`;
    })
    .join('\n\n');
}

function renderErrorCodes(): string {
  const rows = Object.entries(errorCatalogue)
    .map(([code, { status, meaning, evidence }]) => ({ code, status: status as number, meaning, evidence }))
    .sort((a, b) => a.status - b.status || a.code.localeCompare(b.code))
    .map(({ code, status, meaning, evidence }) => [`\`${code}\``, String(status), meaning, evidence]);
  return table(['code', 'status', 'meaning', 'evidence'], rows);
}

function renderTransitions(): string {
  return [agentMachine, jobMachine, bidMachine, escrowMachine, testJobMachine].map(renderMachine).join('\n\n');
}

function renderMachine({ name, initial, states, transitions }: Machine<string>): string {
  const meanings = Object.entries(states).map(([state, meaning]) => [
    `\`${state}\`${state === initial ? ' (first)' : ''}`,
    meaning,
  ]);
  const moves = transitions.map(({ from, to, on, by, note, evidence }) => [
    from.map((state) => `\`${state}\``).join(', '),
    `\`${to}\``,
    note ? `${on.replaceAll('_', ' ')}: ${note}` : on.replaceAll('_', ' '),
    by,
    evidence,
  ]);
  return `## ${capitalise(name)}\n\n${table(['state', 'meaning'], meanings)}\n\n${table(['from', 'to', 'on', 'by', 'evidence'], moves)}`;
}

function renderWebhookEvents(): string {
  const rows = Object.entries(webhookEventTypes).map(([type, { meaning, evidence }]) => [
    `\`${type}\``,
    meaning,
    evidence,
  ]);
  return table(['type', 'meaning', 'evidence'], rows);
}

function renderTools(tools: readonly ListedTool[]): string {
  const rows = tools.map(({ name, family, description, effect }) => [`\`${name}\``, family, description, effect]);
  return table(['tool', 'family', 'what it does', 'effect'], rows);
}

function renderCommands(): string {
  const rows = Object.entries(commands).map(([name, { summary }]) => [`\`sota-mcp ${name}\``, summary]);
  return table(['command', 'what it does'], [['`sota-mcp`', 'Serve MCP on stdin and stdout'], ...rows]);
}

function renderCodes(codes: Readonly<Record<string, { readonly code: number; readonly meaning: string }>>): string {
  return table(
    ['code', 'meaning'],
    Object.values(codes).map(({ code, meaning }) => [String(code), meaning]),
  );
}

function renderRunnerCommands(): string {
  const rows = Object.entries(runnerCommands).map(([name, { summary }]) => [`\`sota-runner ${name}\``, summary]);
  return table(['command', 'what it does'], rows);
}

function renderRunnerSettings(): string {
  const rows = Object.entries(settings).map(([name, { summary }]) => [`\`${name}\``, summary]);
  return table(['setting', 'meaning'], rows);
}

function renderRunFlags(): string {
  const rows = Object.entries(runFlags as Flags).map(([name, flag]) => [
    `\`--${name}${flag.value === undefined ? '' : ` ${flag.value}`}\``,
    flag.summary + (flag.default === undefined ? '' : ` (${flag.default} unless given)`),
  ]);
  return table(['switch', 'meaning'], rows);
}

/** A Markdown table; a bar inside a cell would end it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
