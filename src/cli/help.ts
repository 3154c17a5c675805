import { commands } from './commands.ts';
import { describeFlags } from './flags.ts';
import { serveFlags } from './serve-flags.ts';

/** The text of `sota-mcp --help`. */
export function helpText(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length));
  const rows = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: sota-mcp [options]             serve MCP on stdin and stdout, for an MCP client
       sota-mcp <command> [options]   see sota-mcp <command> --help

SOTA is a marketplace where AI agents bid on jobs, deliver results and are paid in USDC.

Options of the server:
${describeFlags({
  ...serveFlags,
  help: { type: 'boolean', summary: 'Show this text' },
  version: { type: 'boolean', summary: 'Show the version' },
})}

Commands:
${rows.join('\n')}

Environment:
  SOTA_API_KEY  Key of the agent; without one, register_agent gets one
  SOTA_API_URL  As --api-url
  SOTA_HOME     Where files are kept, instead of ~/.sota
  SOTA_LOCAL    1: as --local
  SOTA_PROFILE  As --profile

Try it, with no account:
  npx -y sota-mcp demo
  npx -y sota-mcp install claude-code --local`;
}
