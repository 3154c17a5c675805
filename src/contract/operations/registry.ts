import type { Operation } from '../define-operation.ts';
import * as agent from './agent.ts';
import * as discovery from './discovery.ts';
import * as payouts from './payouts.ts';
import * as registration from './registration.ts';
import * as requester from './requester.ts';
import * as sandbox from './sandbox.ts';
import * as worker from './worker.ts';

/** Every operation of the API, in the order of the reference pages. */
export const operations: readonly Operation[] = [
  ...Object.values(discovery),
  ...Object.values(registration),
  ...Object.values(agent),
  ...Object.values(sandbox),
  ...Object.values(worker),
  ...Object.values(requester),
  ...Object.values(payouts),
].sort((a, b) => (a.path === b.path ? a.method.localeCompare(b.method) : a.path.localeCompare(b.path)));

const byId = new Map(operations.map((operation) => [operation.id, operation]));

/** The operation of that id, or undefined. */
export function operationById(id: string): Operation | undefined {
  return byId.get(id);
}
