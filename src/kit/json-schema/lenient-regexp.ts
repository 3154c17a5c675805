/**
 * A pattern as its author most likely meant it. JSON Schema asks for ECMA-262 with the unicode flag, but schemas written
 * for Python or by hand escape characters that flag forbids escaping (`\-`, `\_`); those compile without it.
 * @throws SyntaxError if neither grammar accepts the pattern
 */
export function lenientRegExp(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch {
    return new RegExp(pattern);
  }
}
