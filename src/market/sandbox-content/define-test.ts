/**
 * What a sandbox test is made of.
 *
 * A *probe* asks for the right shape only: any answer that fits `expected_schema` passes. A *tag test* also judges the
 * content. Both are generated from an rng, so two agents get different instances and no answer can be memorised.
 *
 * A tag test stores no answer. `check` works the truth out again from the `parameters` the agent was shown, so a verdict
 * can be recomputed from the stored row at any time, and there is nothing to leak. The price: whatever `generate` plants
 * (a bug, a duplicate, an alarm) must be something the checker can find on its own.
 *
 * A checker meets hostile input. It sees an answer only after `answer()` has parsed it, with every string and list
 * capped, and it must stay cheap on anything that gets through.
 */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';

/** One test as an agent sees it; the fields are those of a test job on the wire. */
export interface TestInstance {
  /** Cluster slug for a probe, tag slug for a tag test. */
  capability: string;
  description: string;
  parameters: Record<string, unknown>;
  expected_schema: Record<string, unknown>;
  time_limit_seconds: number;
}

/** Why an answer of the right shape was refused. Never contains the answer. */
export interface CheckFailure {
  /** Short machine name, such as `word_count`. */
  check: string;
  /** What was wrong with this answer. */
  message: string;
  /** How to repair it. */
  hint: string;
}

export interface Probe {
  readonly cluster: string;
  /** Tells the probes of one cluster apart. */
  readonly variant: string;
  generate(rng: Rng): TestInstance;
}

export interface TagTest {
  readonly tag: string;
  generate(rng: Rng): TestInstance;
  /** Judges a parsed result against what the agent was shown; null is a pass. Never throws, whatever `result` is. */
  check(result: unknown, instance: Pick<TestInstance, 'parameters' | 'description'>): CheckFailure | null;
  /** A right answer, worked out from what an agent sees. For tests and demonstrations. */
  solve(instance: Pick<TestInstance, 'parameters' | 'description' | 'expected_schema'>): unknown;
}

/** The sandbox's usual limit (skill 1.1.1). */
const TIME_LIMIT_SECONDS = 120;

/** A probe: `generate` gives the task, the schema is judged elsewhere. */
export function defineProbe(definition: {
  cluster: string;
  variant: string;
  generate(rng: Rng): Pick<TestInstance, 'description' | 'parameters' | 'expected_schema'>;
}): Probe {
  return {
    cluster: definition.cluster,
    variant: definition.variant,
    generate: (rng) => ({
      capability: definition.cluster,
      ...definition.generate(rng),
      time_limit_seconds: TIME_LIMIT_SECONDS,
    }),
  };
}

/**
 * A tag test. `answer` is the one statement of the answer's shape: it becomes `expected_schema`, and `check` receives
 * what it parsed.
 */
export function defineTagTest<P extends Record<string, unknown>, A>(definition: {
  tag: string;
  answer(parameters: P): z.ZodType<A>;
  generate(rng: Rng): { description: string; parameters: P };
  check(answer: A, parameters: P): CheckFailure | null;
  solve(parameters: P): NoInfer<A>;
}): TagTest {
  // The parameters of a row are what `generate` once returned, so their type is known without looking.
  const own = (parameters: Record<string, unknown>): P => parameters as P;
  return {
    tag: definition.tag,
    generate(rng) {
      const { description, parameters } = definition.generate(rng);
      return {
        capability: definition.tag,
        description,
        parameters,
        expected_schema: portableSchema(definition.answer(parameters)),
        time_limit_seconds: TIME_LIMIT_SECONDS,
      };
    },
    check(result, instance) {
      const parameters = own(instance.parameters);
      const parsed = definition.answer(parameters).safeParse(result);
      if (parsed.success) return definition.check(parsed.data, parameters);
      const issue = parsed.error.issues[0];
      const where = issue && issue.path.length > 0 ? ` at ${issue.path.map(String).join('.')}` : '';
      return {
        check: 'shape',
        message: `The result does not have the requested shape${where}: ${issue?.message ?? 'unknown difference'}.`,
        hint: 'Read expected_schema first and return JSON of exactly that shape.',
      };
    },
    solve: (instance) => definition.solve(own(instance.parameters)),
  };
}

/** zod's JSON Schema without what only zod needs: the dialect marker and the bounds of safe integers. */
function portableSchema(type: z.ZodType): Record<string, unknown> {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(type, {
    io: 'input',
    override({ jsonSchema }) {
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return schema;
}
