/** The thread behind `createKillableValidator`: one request, one answer, and a word when work begins. */
import { parentPort } from 'node:worker_threads';
import { InvalidSchemaError, validateJson } from './validate.ts';
import type { WorkerReply, WorkerRequest } from './worker-protocol.ts';

if (!parentPort) throw new Error('validate-worker runs in a worker thread only');
const port = parentPort;
const reply = (message: WorkerReply): void => port.postMessage(message);

// The first validation compiles the meta-schema. Done here, it is not charged to the first caller's time.
validateJson({ type: 'object' }, null);

port.on('message', ({ id, schemaJson, instanceJson }: WorkerRequest) => {
  reply({ id, type: 'started' });
  try {
    const violation = validateJson(JSON.parse(schemaJson), JSON.parse(instanceJson));
    reply({ id, type: 'done', outcome: violation ? { ok: false, violation } : { ok: true } });
  } catch (error) {
    const reason = error instanceof InvalidSchemaError ? 'invalid_schema' : 'crashed';
    const message = error instanceof Error ? error.message : String(error);
    reply({ id, type: 'done', outcome: { ok: 'unchecked', reason, message } });
  }
});
