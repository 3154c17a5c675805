/**
 * Where every sub-schema of one document lives and what its references mean, without any network: `$id` moves the base
 * URI, `$anchor` and `$dynamicAnchor` name a place, a JSON pointer walks from the resource root.
 */
import { escapeToken, pointerTokens, valueAtPath } from './json-pointer.ts';

// A reserved name (RFC 2606) stands in for the address a document without `$id` does not have.
const NO_ID_BASE = 'https://schema.invalid/';

export interface SchemaIndex {
  /** The schema that `ref`, written inside `from`, points at; undefined if this document does not hold it. */
  resolve(from: object, ref: string): unknown;
  /** JSON pointer of a sub-schema from the document's root. */
  pointerOf(schema: object): string | undefined;
}

/** Index a parsed JSON Schema document. Values are matched by identity, so pass the very object that was compiled. */
export function indexSchema(root: unknown): SchemaIndex {
  const pointers = new Map<object, string>();
  const bases = new Map<object, string>();
  const resources = new Map<string, unknown>([[NO_ID_BASE, root]]);
  const anchors = new Map<string, unknown>();

  const visit = (node: unknown, pointer: string, outerBase: string): void => {
    if (node === null || typeof node !== 'object' || pointers.has(node)) return;
    pointers.set(node, pointer);
    let base = outerBase;
    const { $id, $anchor, $dynamicAnchor } = node as Record<string, unknown>;
    if (typeof $id === 'string') {
      const url = absolute($id, outerBase);
      // Until draft-07 an `$id` of only a fragment was how one wrote an anchor.
      if ($id.startsWith('#')) anchors.set(`${outerBase}${$id}`, node);
      else if (url) {
        base = withoutFragment(url);
        resources.set(base, node);
      }
    }
    for (const anchor of [$anchor, $dynamicAnchor]) {
      if (typeof anchor === 'string') anchors.set(`${base}#${anchor}`, node);
    }
    bases.set(node, base);
    for (const [key, child] of Object.entries(node)) visit(child, `${pointer}/${escapeToken(key)}`, base);
  };
  visit(root, '', NO_ID_BASE);

  return {
    pointerOf: (schema) => pointers.get(schema),
    resolve(from, ref) {
      const url = absolute(ref, bases.get(from) ?? NO_ID_BASE);
      if (!url) return undefined;
      const resource = withoutFragment(url);
      const fragment = decodeFragment(url.hash.slice(1));
      if (fragment !== '' && !fragment.startsWith('/')) return anchors.get(`${resource}#${fragment}`);
      return valueAtPath(resources.get(resource), pointerTokens(fragment));
    },
  };
}

function absolute(ref: string, base: string): URL | undefined {
  return URL.canParse(ref, base) ? new URL(ref, base) : undefined;
}

function withoutFragment(url: URL): string {
  return url.href.slice(0, url.href.length - url.hash.length).replace(/#$/, '');
}

function decodeFragment(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment; // not percent-encoding after all: the text stands for itself
  }
}
