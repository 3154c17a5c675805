/**
 * `npm run bench [-- NAME …]`: runs the benchmarks of bench/*.bench.ts, all or those named, prints a table each, and
 * writes bench/results/NAME.json for comparing runs and NAME.md for pages.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { closest } from '#kit/closest.ts';
import type { Bench, Table } from '../bench/bench.ts';
import { root } from './steps.ts';

const benches = await loadBenches();
const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !benches.some((bench) => bench.name === name));
if (unknown === undefined) {
  await runBenches(benches.filter(({ name }) => wanted.length === 0 || wanted.includes(name)));
} else {
  const names = benches.map(({ name }) => name);
  const near = closest(unknown, names);
  console.error(`There is no benchmark "${unknown}".${near ? ` Did you mean "${near}"?` : ''}`);
  console.error(`There is: ${names.join(', ') || 'none'}`);
  process.exitCode = 2;
}

async function loadBenches(): Promise<Bench[]> {
  const folder = join(root, 'bench');
  const files = readdirSync(folder).filter((file) => file.endsWith('.bench.ts'));
  return Promise.all(files.sort().map((file) => import(pathToFileURL(join(folder, file)).href)));
}

/** One after the other, as they share the machine; one that fails does not keep the rest from running. */
async function runBenches(chosen: readonly Bench[]): Promise<void> {
  const results = join(root, 'bench/results');
  mkdirSync(results, { recursive: true });
  for (const { name, description, run } of chosen) {
    console.log(`${name}: ${description}\n`);
    try {
      const table = await run();
      console.log(renderTable(table));
      writeFileSync(
        join(results, `${name}.json`),
        `${JSON.stringify({ name, description, ...table, ranOn: describeMachine() }, null, 2)}\n`,
      );
      writeFileSync(join(results, `${name}.md`), renderMarkdown(table));
    } catch (error) {
      console.error(`  ${name} failed: ${error instanceof Error ? error.message : error}\n`);
      process.exitCode = 1;
    }
  }
}

function renderMarkdown({ columns, rows, notes = [] }: Table): string {
  const rule = columns.map((_, column) => (rows.some((row) => typeof row[column] === 'number') ? '---:' : '---'));
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return `${[line(columns), line(rule), ...rows.map(line), '', ...notes].join('\n')}\n`;
}

/** Columns aligned, numbers to the right. */
function renderTable({ columns, rows, notes = [] }: Table): string {
  const width = columns.map((title, column) => Math.max(title.length, ...rows.map((row) => `${row[column]}`.length)));
  const numeric = columns.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const renderRow = (cells: readonly (string | number)[]) =>
    `  ${cells.map((cell, i) => (numeric[i] ? `${cell}`.padStart(width[i]!) : `${cell}`.padEnd(width[i]!))).join('  ')}`;
  const rule = `  ${width.map((columnWidth) => '-'.repeat(columnWidth)).join('  ')}`;
  const lines = [renderRow(columns), rule, ...rows.map(renderRow), '', ...notes.map((note) => `  ${note}`)];
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function describeMachine(): Record<string, unknown> {
  return {
    at: new Date().toISOString(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpus: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    loadAverage: loadavg()[0],
  };
}
