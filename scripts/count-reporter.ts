/** A vitest reporter that only counts, into the file SOTA_COUNT_FILE names: for the last line of `npm test`. */
import { writeFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

export interface Counts {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
}

/** Vitest takes reporters by path, as default exports only. */
export default class CountReporter implements Reporter {
  #selected: RegExp | undefined;

  onInit(vitest: Vitest): void {
    this.#selected = vitest.config.testNamePattern;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const file = process.env.SOTA_COUNT_FILE;
    if (file) writeFileSync(file, JSON.stringify(this.#count(modules, unhandledErrors.length)));
  }

  #count(modules: readonly TestModule[], unhandledErrors: number): Counts {
    // An error outside any test (a file that does not load, a hook that throws) has no test to fail: it is one itself.
    const counts: Counts = { passed: 0, failed: unhandledErrors, skipped: [] };
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed += 1;
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) counts.failed += 1;
      for (const test of module.children.allTests()) {
        // Vitest marks what -t leaves out as skipped too; no one skipped those, so they are not mentioned.
        if (this.#selected && !this.#selected.test(test.fullName.replaceAll(' > ', ' '))) continue;
        const { state } = test.result();
        if (state === 'passed') counts.passed += 1;
        else if (state === 'skipped') counts.skipped.push({ name: nameOf(test), reason: reasonOf(test) });
        else counts.failed += 1; // 'failed', or still 'pending': a test that never ran has not passed
      }
    }
    return counts;
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  if (result.state === 'skipped' && result.note) return result.note;
  for (let parent = test.parent; ; parent = parent.parent) {
    if (parent.errors().length > 0) return 'its setup failed';
    if (parent.type === 'module') break;
  }
  return test.options.mode === 'todo' ? 'not written yet' : 'no reason given';
}
