/**
 * Whether a JSON value nests deeper than `limit` containers; a scalar has depth 0, `[]` and `{}` depth 1. Stops at the
 * first branch that is too deep, so a cyclic value answers true instead of running for ever.
 * @example exceedsDepth([[1]], 1) // true
 */
export function exceedsDepth(value: unknown, limit: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  if (limit <= 0) return true;
  return Object.values(value).some((member) => exceedsDepth(member, limit - 1));
}
