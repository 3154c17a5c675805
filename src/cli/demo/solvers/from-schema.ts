interface SchemaNode {
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly minItems?: number;
}

/** The least answer a schema accepts. Enough for a cluster probe, which asks for shape alone. */
export function fromSchema(schema: unknown): unknown {
  const node = (schema ?? {}) as SchemaNode;
  if (node.const !== undefined) return node.const;
  if (node.enum) return node.enum[0];
  if (node.type === 'object') {
    return Object.fromEntries((node.required ?? []).map((name) => [name, fromSchema(node.properties?.[name])]));
  }
  if (node.type === 'array')
    return Array.from({ length: Math.max(1, node.minItems ?? 0) }, () => fromSchema(node.items));
  if (node.type === 'number' || node.type === 'integer') return 1;
  return node.type === 'boolean' ? true : 'as asked';
}
