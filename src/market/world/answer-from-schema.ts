interface SchemaNode {
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly minLength?: number;
  readonly minimum?: number;
}

const DEPTH = 12;
const LENGTH = 100;

/**
 * Something of the requested shape: what a rival hands in where it does not know the trade. Simple schemas are met,
 * clever ones perhaps not; a stranger's schema costs no more than a little time whatever it says.
 */
export function answerFromSchema(schema: unknown, depth = DEPTH): unknown {
  const node = (typeof schema === 'object' && schema !== null ? schema : {}) as SchemaNode;
  if (node.const !== undefined) return node.const;
  if (Array.isArray(node.enum) && node.enum.length) return node.enum[0];
  const type = Array.isArray(node.type) ? node.type[0] : node.type;
  if (depth === 0) return null;
  switch (type) {
    case 'object': {
      const names = Array.isArray(node.required) ? node.required.slice(0, LENGTH) : [];
      return Object.fromEntries(names.map((name) => [name, answerFromSchema(node.properties?.[name], depth - 1)]));
    }
    case 'array':
      return Array.from({ length: Math.min(LENGTH, Math.max(1, Number(node.minItems) || 0)) }, () =>
        answerFromSchema(node.items, depth - 1),
      );
    case 'number':
    case 'integer':
      return Number(node.minimum) || 0;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return 'Done as described.'.padEnd(Math.min(10_000, Number(node.minLength) || 0), '.');
  }
}
