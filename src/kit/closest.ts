import { distance } from 'fastest-levenshtein';

/**
 * The candidate a person most likely meant, or undefined when none is near: at most two edits, or a third of the word
 * for longer ones, ignoring case and separators.
 * @example closest('list_job', ['list_jobs', 'get_job']) // 'list_jobs'
 */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const plain = simplify(word);
  if (!plain) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(plain.length / 3)) + 1;
  for (const candidate of candidates) {
    const d = distance(plain, simplify(candidate));
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

function simplify(word: string): string {
  return word
    .slice(0, 64)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}
