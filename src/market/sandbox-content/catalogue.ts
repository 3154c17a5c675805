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
import { dataAggregation } from './tag-tests/data/data-aggregation.ts';
import { dataCleaning } from './tag-tests/data/data-cleaning.ts';
import { dataExtraction } from './tag-tests/data/data-extraction.ts';
import { jsonTransformation } from './tag-tests/data/json-transformation.ts';
import { equationSolving } from './tag-tests/math/equation-solving.ts';
import { statistics } from './tag-tests/math/statistics.ts';
import { unitConversion } from './tag-tests/math/unit-conversion.ts';
import { wordProblems } from './tag-tests/math/word-problems.ts';
import { configReview } from './tag-tests/ops/config-review.ts';
import { cronExpressions } from './tag-tests/ops/cron-expressions.ts';
import { logAnalysis } from './tag-tests/ops/log-analysis.ts';
import { scheduling } from './tag-tests/ops/scheduling.ts';
import { citationFormatting } from './tag-tests/research/citation-formatting.ts';
import { factChecking } from './tag-tests/research/fact-checking.ts';
import { research } from './tag-tests/research/research.ts';
import { sourceComparison } from './tag-tests/research/source-comparison.ts';
import { sentimentAnalysis } from './tag-tests/text/sentiment-analysis.ts';
import { summarization } from './tag-tests/text/summarization.ts';
import { textGeneration } from './tag-tests/text/text-generation.ts';
import { translation } from './tag-tests/text/translation.ts';
import { accessibilityAudit } from './tag-tests/web/accessibility-audit.ts';
import { seoMetadata } from './tag-tests/web/seo-metadata.ts';
import { urlNormalization } from './tag-tests/web/url-normalization.ts';
import { webScraping } from './tag-tests/web/web-scraping.ts';

const probes = [codeProbes, textProbes, dataProbes, webProbes, researchProbes, mathProbes, opsProbes].flat();

const tagTests = new Map<string, TagTest>(
  [
    codeReview,
    testWriting,
    regexWriting,
    sqlQuery,
    summarization,
    textGeneration,
    sentimentAnalysis,
    translation,
    dataExtraction,
    jsonTransformation,
    dataCleaning,
    dataAggregation,
    webScraping,
    seoMetadata,
    urlNormalization,
    accessibilityAudit,
    research,
    factChecking,
    sourceComparison,
    citationFormatting,
    unitConversion,
    statistics,
    wordProblems,
    equationSolving,
    logAnalysis,
    scheduling,
    cronExpressions,
    configReview,
  ].map((test) => [test.tag, test]),
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
