import { UsageError } from './flags.ts';
import { chooseRunner, runnerCommands } from './runner/commands.ts';

/** The bin of the worker runtime. Loads only what the command line asks for. */
// Timers of the runner hold no process, so that none outlives its work. A command that waits is work.
const hold = setInterval(() => {}, 2 ** 30);
try {
  const choice = chooseRunner(process.argv.slice(2));
  if (choice.kind === 'help') {
    const { runnerHelp } = await import('./runner/help.ts');
    console.log(runnerHelp());
  } else if (choice.kind === 'version') {
    const { version } = await import('#kit/version.ts');
    console.log(version);
  } else if (choice.kind === 'command') {
    const command = await runnerCommands[choice.name]?.load();
    process.exitCode = (await command?.run(choice.rest)) ?? 2;
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  const [word = ''] = process.argv.slice(2);
  const about = Object.hasOwn(runnerCommands, word) ? `${word} --help` : '--help';
  console.error(`sota-runner: ${error.message}\nSee sota-runner ${about}.`);
  process.exitCode = 2;
} finally {
  clearInterval(hold);
}
