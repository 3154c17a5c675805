/**
 * A JSON Schema validator for schemas written by strangers. A pattern such as `^(a+)+$` can hold a thread for years, and
 * JavaScript cannot interrupt itself, so validation runs in a worker thread that is terminated when it takes too long.
 * Heartbeats and deadlines in the main thread go on meanwhile.
 *
 * States of the thread: none → starting → running ⇄ idle; from any of them → none (timeout, crash, close).
 *  - It is started by the first job and kept for the next. The clock of a job starts when the thread says it begins, so
 *    a slow start-up is not taken for a hostile schema.
 *  - While a job is out the thread holds the process open, or an awaited answer would be lost with it; the timeout
 *    bounds that. Idle, it is unref'd and holds nothing.
 *  - After a timeout the thread is dropped at once and the next job starts a fresh one; its death is awaited in close().
 *
 * This module must not import the evaluator (even by a detour): it is loaded at server start, the evaluator only by the
 * thread.
 */
import { Worker } from 'node:worker_threads';
import { exceedsDepth } from './json-depth.ts';
import { findWorkerFile } from './worker-file.ts';
import type { UncheckedReason, ValidationOutcome, WorkerReply, WorkerRequest } from './worker-protocol.ts';

export interface KillableValidatorOptions {
  /** Time one validation may take, milliseconds of wall clock. */
  timeoutMs?: number;
  /** Size of the schema as JSON text, bytes of UTF-8. */
  maxSchemaBytes?: number;
  /** Size of the instance as JSON text, bytes of UTF-8. */
  maxInstanceBytes?: number;
  /** Nesting of containers, for schema and instance alike. */
  maxDepth?: number;
  /** Heap of the thread, MiB. Beyond it the answer is `crashed`. */
  maxHeapMb?: number;
}

export interface KillableValidator {
  /**
   * Validate one instance. Calls are served in order, one at a time. Never rejects for anything the schema or the
   * instance contains; whatever could not be checked is `ok: 'unchecked'` with the reason.
   * @throws TypeError (rejection) if an argument is not JSON: undefined, a function, a bigint
   */
  validate(schema: unknown, instance: unknown): Promise<ValidationOutcome>;
  /** End the thread. Jobs not yet answered become `unchecked`, reason `closed`; so does every later call. */
  close(): Promise<void>;
}

interface Job {
  request: WorkerRequest;
  settle(outcome: ValidationOutcome): void;
  timer?: NodeJS.Timeout;
}

const KIB = 1024;

/**
 * A validator whose work can be killed. Nothing is started until the first call.
 * @example
 * const validator = createKillableValidator();
 * const outcome = await validator.validate({ type: 'object', required: ['issues'] }, {});
 * // { ok: false, violation: { message: "'issues' is a required property", … } }
 * await validator.close();
 */
export function createKillableValidator(options: KillableValidatorOptions = {}): KillableValidator {
  const { timeoutMs = 1000, maxSchemaBytes = 64 * KIB, maxInstanceBytes = KIB * KIB } = options;
  const { maxDepth = 64, maxHeapMb = 256 } = options;
  const waiting: Job[] = [];
  const dying = new Set<Promise<unknown>>();
  let worker: Worker | undefined;
  let running: Job | undefined;
  let lastId = 0;
  let closed = false;

  function next(): void {
    if (running) return;
    running = waiting.shift();
    if (!running) return;
    try {
      worker ??= startWorker();
      worker.ref();
      worker.postMessage(running.request);
    } catch (error) {
      end(unchecked('crashed', `The validator thread did not start: ${textOf(error)}`));
    }
  }

  function end(outcome: ValidationOutcome): void {
    const job = running;
    running = undefined;
    worker?.unref();
    clearTimeout(job?.timer);
    job?.settle(outcome);
    next();
  }

  function startWorker(): Worker {
    const started = new Worker(findWorkerFile(import.meta.url), {
      name: 'json-schema',
      // Neither the host's loaders nor its environment are of use to a validator, and stdout may carry a protocol.
      execArgv: [],
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
    });
    const onDeath = (how: string): void => {
      if (worker !== started) return;
      worker = undefined;
      if (running) end(unchecked('crashed', `The validator thread ${how}`));
    };
    started.on('message', (reply: WorkerReply) => {
      if (reply.id !== running?.request.id) return;
      if (reply.type === 'started') running.timer = setTimeout(onTimeout, timeoutMs, running);
      else end(reply.outcome);
    });
    started.on('error', (error) => onDeath(`failed: ${textOf(error)}`));
    started.on('exit', (code) => onDeath(`exited with code ${code}`));
    return started;
  }

  function onTimeout(job: Job): void {
    // If it was this thread that was busy, the answer already waits behind the timer: let it in first.
    setImmediate(() => {
      if (running !== job) return;
      kill();
      end(unchecked('timeout', `Validation took longer than ${timeoutMs} ms`));
    });
  }

  function kill(): void {
    const death = worker?.terminate().finally(() => dying.delete(death as Promise<unknown>));
    worker = undefined;
    if (death) dying.add(death);
  }

  /** The JSON text of a value, or why it is not taken. Depth comes first: JSON.stringify would follow a cycle. */
  function measured(what: string, value: unknown, maxBytes: number): string | ValidationOutcome {
    if (exceedsDepth(value, maxDepth)) return unchecked('too_deep', `The ${what} nests deeper than ${maxDepth} levels`);
    const text: string | undefined = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`The ${what} is not JSON: ${typeof value}`);
    const bytes = Buffer.byteLength(text);
    if (bytes <= maxBytes) return text;
    return unchecked('too_large', `The ${what} has ${bytes} bytes, more than ${maxBytes}`);
  }

  return {
    async validate(schema, instance) {
      if (closed) return unchecked('closed', 'The validator is closed');
      const schemaJson = measured('schema', schema, maxSchemaBytes);
      if (typeof schemaJson !== 'string') return schemaJson;
      const instanceJson = measured('instance', instance, maxInstanceBytes);
      if (typeof instanceJson !== 'string') return instanceJson;
      return new Promise((settle) => {
        waiting.push({ request: { id: ++lastId, schemaJson, instanceJson }, settle });
        next();
      });
    },

    async close() {
      closed = true;
      kill();
      const unanswered = waiting.splice(0);
      const outcome = unchecked('closed', 'The validator was closed before it answered');
      end(outcome);
      for (const job of unanswered) job.settle(outcome);
      await Promise.all(dying);
    },
  };
}

function unchecked(reason: UncheckedReason, message: string): ValidationOutcome {
  return { ok: 'unchecked', reason, message };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
