interface Schema {
  type?: string;
  const?: unknown;
  default?: unknown;
  enum?: unknown[];
  examples?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  minLength?: number;
  minimum?: number;
}

/**
 * The least answer that fits a schema: what an agent gets by reading the shape and ignoring the task. With `fill`, fields
 * that have the name and type of a parameter take its value, as smarter generators do.
 */
export function skeleton(schema: Schema, fill: Record<string, unknown> = {}): unknown {
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  if (schema.examples) return schema.examples[0];
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name) => {
          const inner = schema.properties?.[name] ?? {};
          return [name, name in fill && sameType(inner.type, fill[name]) ? fill[name] : skeleton(inner, fill)];
        }),
      );
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => skeleton(schema.items ?? {}, fill));
    case 'string':
      return 'x'.repeat(schema.minLength ?? 0);
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    case 'boolean':
      return false;
    default:
      return null;
  }
}

function sameType(type: string | undefined, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'array') return Array.isArray(value);
  return typeof value === type && !Array.isArray(value);
}
