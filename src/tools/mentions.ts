/**
 * Texts that name tools must not name one a model cannot call here. Sentences are the unit: a description is written
 * with its siblings in sentences of their own, and a sentence that names an absent tool is left out.
 */

/** Whether a text names a tool, as a whole word. */
export function names(text: string, tool: string): boolean {
  return new RegExp(`(?<![a-z0-9_-])${tool}(?![a-z0-9_-])`).test(text);
}

/**
 * The text without the sentences that name any of these tools. The first sentence always stays.
 * @example withoutMentions('Lists jobs. One in full: get_job.', ['get_job']) // 'Lists jobs.'
 */
export function withoutMentions(text: string, absentTools: readonly string[]): string {
  const [first = '', ...others] = text.split(/(?<=[.!?]) /);
  const kept = others.filter((sentence) => !absentTools.some((tool) => names(sentence, tool)));
  return [first, ...kept].join(' ');
}
