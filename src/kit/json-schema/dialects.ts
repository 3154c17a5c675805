/** The drafts of JSON Schema that are told apart, as Python's jsonschema tells them apart. */
import {
  additionalItems,
  contains,
  items,
  legacyContains,
  legacyItems,
  prefixItems,
  unevaluatedItems,
} from './array-keywords.ts';
import { combiningKeywords, dynamicRef, recursiveRef } from './combining-keywords.ts';
import { DRAFT_07_META, DRAFT_2019_META, DRAFT_2020_META } from './meta-schemas.ts';
import { dependencies, dependentSchemas, objectKeywords } from './object-keywords.ts';
import { valueKeywords } from './value-keywords.ts';
import type { Dialect } from './visit.ts';

/** A dialect with the schemas of its schemas; the first is the one that a schema must satisfy. */
export interface Draft extends Dialect {
  readonly meta: readonly object[];
}

const { dependentRequired, unevaluatedProperties, ...legacyObjectKeywords } = objectKeywords;
const common = { ...valueKeywords, ...combiningKeywords };

export const DRAFT_07: Draft = {
  meta: DRAFT_07_META,
  refReplacesSiblings: true,
  keywords: {
    ...common,
    ...legacyObjectKeywords,
    additionalItems,
    contains: legacyContains,
    dependencies,
    items: legacyItems,
  },
};

export const DRAFT_2019: Draft = {
  meta: DRAFT_2019_META,
  refReplacesSiblings: false,
  keywords: {
    ...common,
    ...objectKeywords,
    $recursiveRef: recursiveRef,
    additionalItems,
    contains,
    dependentSchemas,
    items: legacyItems,
    unevaluatedItems,
  },
};

export const DRAFT_2020: Draft = {
  meta: DRAFT_2020_META,
  refReplacesSiblings: false,
  keywords: {
    ...common,
    ...objectKeywords,
    $dynamicRef: dynamicRef,
    contains,
    dependentSchemas,
    items,
    prefixItems,
    unevaluatedItems,
  },
};

/** An absent or unknown `$schema` means the newest dialect, as it does in Python. */
export function draftOf(schema: unknown): Draft {
  const named = (schema as { $schema?: unknown } | null | undefined)?.$schema;
  if (typeof named !== 'string') return DRAFT_2020;
  if (/json-schema\.org\/draft-0[467]\//.test(named)) return DRAFT_07;
  return named.includes('/draft/2019-09/') ? DRAFT_2019 : DRAFT_2020;
}
