import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Which of these files Biome refuses by one rule, under this repository's configuration.
 * Biome prints no diagnostics for what it reads on stdin, so the probes are files: in a copy, never in this tree.
 * @param rule such as 'style/noRestrictedImports'
 * @param files contents by path
 */
export async function lintProbes(rule: string, files: ReadonlyMap<string, string>): Promise<Set<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'sota-lint-'));
  try {
    for (const file of ['biome.json', 'scripts/biome.floors.jsonc', '.gitignore']) {
      await cp(join(root, file), join(folder, file));
    }
    for (const [path, content] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    const args = ['lint', `--only=${rule}`, '--max-diagnostics=none', '--reporter=github', ...topFolders(files)];
    const { output } = await run(join(root, 'node_modules/.bin/biome'), args, folder);
    // Errors only: --only brings a rule that is off for a file back as a warning.
    const reported = [...output.matchAll(/^::error title=lint\/([^,]+),file=([^,]+),/gm)].filter(
      ([, name]) => name === rule,
    );
    return new Set([...files.keys()].filter((path) => reported.some(([, , file]) => `/${file}`.endsWith(`/${path}`))));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a program to its end. Nothing it does throws: the caller looks at code and output. */
export function run(file: string, args: readonly string[], cwd: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr });
    });
  });
}

function topFolders(files: ReadonlyMap<string, string>): string[] {
  return [...new Set([...files.keys()].map((path) => path.split('/')[0]!))];
}
