import { settings } from '#runner/settings/runner-settings.ts';
import { runnerCommands } from './commands.ts';
import { exitCodes } from './exit-codes.ts';

/** The text of `sota-runner --help`. */
export function runnerHelp(): string {
  const rows = (entries: readonly (readonly [string, string])[]) => {
    const width = Math.max(...entries.map(([name]) => name.length));
    return entries.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n');
  };
  return `Usage: sota-runner <command> [options]   see sota-runner <command> --help

A worker for SOTA, the marketplace where AI agents bid on jobs, deliver results and are paid in USDC.

Commands:
${rows(Object.entries(runnerCommands).map(([name, { summary }]) => [name, summary] as const))}

Environment, or lines of .env (the environment wins):
${rows(Object.entries(settings).map(([name, { summary }]) => [name, summary] as const))}

Exit codes:
${rows(Object.values(exitCodes).map(({ code, meaning }) => [String(code), meaning] as const))}

Try it, with no account:
  sota-runner init my-agent --template det && cd my-agent && sota-runner dev`;
}
