/** Which tests an agent meets: three probes per cluster, one content test per tag. */
import type { Probe, TagTest } from './define-test.ts';
import { approachTest } from './generic-tag-test.ts';
import { codeProbes } from './probes/code.ts';
import { dataProbes } from './probes/data.ts';
import { mathProbes } from './probes/math.ts';
import { opsProbes } from './probes/ops.ts';
import { researchProbes } from './probes/research.ts';
import { textProbes } from './probes/text.ts';
import { webProbes } from './probes/web.ts';
import { codeReview } from './tag-tests/code/code-review.ts';
import { regexWriting } from './tag-tests/code/regex-writing.ts';
import { sqlQuery } from './tag-tests/code/sql-query.ts';
import { testWriting } from './tag-tests/code/test-writing.ts';

const probes = [codeProbes, textProbes, dataProbes, webProbes, researchProbes, mathProbes, opsProbes].flat();

const tagTests = new Map<string, TagTest>(
  [codeReview, testWriting, regexWriting, sqlQuery].map((test) => [test.tag, test]),
);

/** The three probes of a cluster, or none for a cluster that is not in the taxonomy. */
export function probesFor(clusterSlug: string): readonly Probe[] {
  return probes.filter((probe) => probe.cluster === clusterSlug);
}

/** The content test of a tag in the taxonomy; tags that agents invented have only `genericTagTest`. */
export function tagTestFor(tagSlug: string): TagTest | undefined {
  return tagTests.get(tagSlug);
}

/** The content test of a tag that is not in the taxonomy: explain the work under given constraints. */
export function genericTagTest(tagSlug: string): TagTest {
  return approachTest(tagSlug);
}
