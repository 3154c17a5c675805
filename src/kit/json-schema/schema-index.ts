/**
 * Where every sub-schema of one document lives and what its references mean, without any network: `$id` moves the base
 * URI, `$anchor` and `$dynamicAnchor` name a place, a JSON pointer walks from the resource root.
 */
import { pointerTokens, valueAtPath } from './json-pointer.ts';
import { isObject, type JsonObject } from './json-value.ts';
import { appliedBy, definedIn } from './sub-schemas.ts';

// A reserved name (RFC 2606) stands in for the address a document without `$id` does not have.
const NO_ID_BASE = 'https://schema.invalid/';

export interface SchemaIndex {
  /** The schema that `ref`, written inside `from`, points at; undefined if no document here holds it. */
  resolve(from: object, ref: string): unknown;
  /** The base URI of the resource a sub-schema is part of. */
  baseOf(schema: object): string;
  /** The root of the resource with that base URI. */
  rootOf(base: string): unknown;
  /** The sub-schema of that resource which has this `$dynamicAnchor`. */
  dynamicAnchor(base: string, name: string): unknown;
}

/**
 * Index parsed JSON Schema documents. Values are matched by identity, so pass the very objects that are evaluated.
 * @param documents of which the first may lack an `$id`
 * @param refReplacesSiblings until draft-07 an `$id` beside a `$ref` means nothing
 * @param others where to look for what is in none of the documents
 */
export function indexSchemas(
  documents: readonly unknown[],
  { refReplacesSiblings = false }: { refReplacesSiblings?: boolean } = {},
  others?: SchemaIndex,
): SchemaIndex {
  const bases = new Map<object, string>();
  const resources = new Map<string, unknown>([[NO_ID_BASE, documents[0]]]);
  const anchors = new Map<string, unknown>();
  const dynamicAnchors = new Map<string, unknown>();

  const visit = (node: unknown, outerBase: string): void => {
    if (!isObject(node) || bases.has(node)) return;
    const base = refReplacesSiblings && typeof node.$ref === 'string' ? outerBase : enter(node, outerBase);
    bases.set(node, base);
    for (const sub of [...appliedBy(node), ...definedIn(node)]) visit(sub, base);
  };
  const enter = (node: JsonObject, outerBase: string): string => {
    const { $id, $anchor, $dynamicAnchor } = node;
    let base = outerBase;
    if (typeof $id === 'string') {
      const url = absolute($id, outerBase);
      // Until draft-07 an `$id` of only a fragment was how one wrote an anchor.
      if ($id.startsWith('#')) anchors.set(`${outerBase}${$id}`, node);
      else if (url) {
        base = withoutFragment(url);
        resources.set(base, node);
      }
    }
    if (typeof $anchor === 'string') anchors.set(`${base}#${$anchor}`, node);
    if (typeof $dynamicAnchor === 'string') {
      anchors.set(`${base}#${$dynamicAnchor}`, node);
      dynamicAnchors.set(`${base}#${$dynamicAnchor}`, node);
    }
    return base;
  };
  for (const document of documents) visit(document, NO_ID_BASE);

  const index: SchemaIndex = {
    baseOf: (schema) => bases.get(schema) ?? others?.baseOf(schema) ?? NO_ID_BASE,
    rootOf: (base) => resources.get(base) ?? others?.rootOf(base),
    dynamicAnchor: (base, name) => dynamicAnchors.get(`${base}#${name}`) ?? others?.dynamicAnchor(base, name),
    resolve(from, ref) {
      const url = absolute(ref, index.baseOf(from));
      if (!url) return undefined;
      const resource = withoutFragment(url);
      if (!resources.has(resource)) return others?.resolve(from, url.href);
      const fragment = decodeFragment(url.hash.slice(1));
      if (fragment !== '' && !fragment.startsWith('/')) return anchors.get(`${resource}#${fragment}`);
      const target = valueAtPath(resources.get(resource), pointerTokens(fragment));
      // A pointer may lead to where no schema is expected; from there it goes on as part of that resource.
      visit(target, resource);
      return target;
    },
  };
  return index;
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
