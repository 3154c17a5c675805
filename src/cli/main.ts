import { guardStdout } from '#server/guard-stdout.ts';
import { type Choice, choose, commands } from './commands.ts';
import { UsageError } from './flags.ts';

/** Loads only what the command line asks for; stdout is taken over before anything else when it is MCP's. */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  try {
    const choice = choose(argv);
    if (choice.kind === 'serve') {
      guardStdout();
      const { serve } = await import('./serve-command.ts');
      const { environment } = await import('./settings.ts');
      await serve(choice.rest, environment());
    } else {
      process.exitCode = await runCommand(choice);
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`sota-mcp: ${error.message}\nSee ${helpOf(argv[0])}.`);
    process.exitCode = 2;
  }
}

/** Where the command line in question is explained. */
function helpOf(word: string | undefined): string {
  return word !== undefined && Object.hasOwn(commands, word) ? `sota-mcp ${word} --help` : 'sota-mcp --help';
}

async function runCommand(choice: Exclude<Choice, { kind: 'serve' }>): Promise<number> {
  switch (choice.kind) {
    case 'help': {
      const { helpText } = await import('./help.ts');
      console.log(helpText());
      return 0;
    }
    case 'version': {
      const { version } = await import('#kit/version.ts');
      console.log(version);
      return 0;
    }
    case 'command': {
      const command = await commands[choice.name]?.load();
      return (await command?.run(choice.rest)) ?? 2;
    }
  }
}
