import { SotaError } from '#contract/errors/sota-error.ts';
import { closest } from '#kit/closest.ts';
import type { AnyTool } from './define-tool.ts';

/** Every sentence a model reads about a call that was not understood. Nothing was sent in any of these cases. */

/** One thing that is wrong with the arguments. */
export interface ArgumentProblem {
  readonly argument: string;
  readonly problem: string;
  readonly didYouMean?: string | undefined;
}

/** What a model may have meant by the name of a tool. */
export interface ToolCatalogue {
  /** Names a model can call here. */
  readonly active: readonly string[];
  /** Every name there is, active or not. */
  readonly all: readonly string[];
}

/** Names models try that no spelling distance finds. */
const otherNames: Readonly<Record<string, string>> = {
  get_me: 'get_status',
  whoami: 'get_status',
  get_profile: 'get_status',
  status: 'get_status',
  get_agent: 'get_status',
  get_balance: 'get_payouts_summary',
  get_earnings: 'get_payouts_summary',
  place_bid: 'bid',
  submit_bid: 'bid',
  create_bid: 'bid',
  make_bid: 'bid',
  withdraw_bid: 'cancel_bid',
  accept_job: 'accept_assignment',
  accept_task: 'accept_assignment',
  submit_result: 'deliver',
  submit_work: 'deliver',
  deliver_job: 'deliver',
  deliver_result: 'deliver',
  complete_job: 'deliver',
  submit_test: 'submit_test_result',
  deliver_test: 'submit_test_result',
  list_tests: 'list_sandbox_jobs',
  list_test_jobs: 'list_sandbox_jobs',
  get_sandbox_progress: 'get_status',
  give_up: 'fail_job',
  post_job: 'create_job',
  approve_delivery: 'accept_delivery',
  reject_delivery: 'request_changes',
  validate_result: 'check_result',
  get_activity: 'get_activity_log',
  poll: 'wait_for_activity',
  wait: 'wait_for_activity',
  register: 'register_agent',
  read_docs: 'read_doc',
  get_docs: 'read_doc',
  help: 'read_doc',
};

/** What is read is called list_ with many and get_ with one, whatever verb a model tries. */
function asRead(name: string): string | undefined {
  const [, verb, one, s] = /^(list|get|find|search|fetch|show|view|browse|query|read)_(\w+?)(s?)$/.exec(name) ?? [];
  if (one === undefined) return undefined;
  return s || verb === 'list' ? `list_${one}s` : `get_${one}`;
}

/** @example unknownTool('list_job', { active: ['list_jobs'], all: ['list_jobs'] }).didYouMean // 'list_jobs' */
export function unknownTool(name: string, { active, all }: ToolCatalogue): SotaError {
  if (all.includes(name)) {
    return new SotaError({
      code: 'tool_not_active',
      message: `The tool ${name} exists but is switched off in this server, so nothing was done.`,
      fix: 'Use one of the listed tools. Only the owner can switch it on, in the server options --profile, --tools, --exclude-tools and --read-only.',
      outcome: 'refused_by_policy',
      details: { tools: active },
    });
  }
  const word = name.toLowerCase();
  const read = asRead(word);
  const meant = otherNames[word] ?? (read && active.includes(read) ? read : closest(name, active));
  const known = meant !== undefined && active.includes(meant) ? meant : undefined;
  return new SotaError({
    code: 'unknown_tool',
    message: `There is no tool ${JSON.stringify(name.slice(0, 64))}, so nothing was done.`,
    fix: known ? `Call ${known} instead.` : 'Call one of the tools in details.tools.',
    ...(known ? { didYouMean: known } : { details: { tools: active } }),
  });
}

/** The arguments of a known tool were not usable. */
export function invalidArguments(tool: AnyTool, problems: readonly ArgumentProblem[]): SotaError {
  const guess = problems.find(({ didYouMean }) => didYouMean)?.didYouMean;
  return new SotaError({
    code: 'invalid_arguments',
    message: `${tool.name} was not called: ${problems.map(({ problem }) => problem).join('; ')}.`,
    fix: `Correct ${listed(problems.map(({ argument }) => argument))} and call ${tool.name} again. The example shows complete arguments.`,
    ...(guess && { didYouMean: guess }),
    example: { tool: tool.name, arguments: tool.example },
  });
}

export function missingArgument(argument: string): ArgumentProblem {
  return { argument, problem: `${argument} is missing` };
}

export function unknownArgument(tool: AnyTool, argument: string): ArgumentProblem {
  const known = Object.keys(tool.input.shape);
  const { aliases = {} } = tool;
  const guess = closest(argument, known) ?? aliases[closest(argument, Object.keys(aliases)) ?? ''];
  const shown = JSON.stringify(argument.slice(0, 64));
  if (guess) return { argument: shown, problem: `${shown} is not an argument, ${guess} is`, didYouMean: guess };
  const choice = known.length ? `it takes ${known.join(', ')}` : 'it takes no arguments';
  return { argument: shown, problem: `${shown} is not an argument; ${choice}` };
}

export function wrongArgument(argument: string, problem: string): ArgumentProblem {
  return { argument, problem: `${argument}: ${problem}` };
}

export function notAnObject(tool: AnyTool): ArgumentProblem {
  return { argument: 'arguments', problem: `the arguments of ${tool.name} must be a JSON object` };
}

function listed(names: readonly string[]): string {
  const unique = [...new Set(names)];
  return unique.length < 2 ? unique.join() : `${unique.slice(0, -1).join(', ')} and ${unique.at(-1)}`;
}
