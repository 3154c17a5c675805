/** What every written answer is held to: length, required terms, real and varied sentences, no copy of the task. */
import { failure } from './compare.ts';
import type { CheckFailure } from './define-test.ts';
import { longestSharedRun, mentions, sentencesOf, wordsOf } from './measure-text.ts';

export interface ProseBrief {
  min_words: number;
  max_words: number;
  required_terms: readonly string[];
  forbidden_words?: readonly string[];
  /** The wording of the task, which the answer must not repeat at length. */
  task: string;
}

/** Words in a row that an answer may share with its task: enough for a name or a stock phrase. */
const LONGEST_ECHO = 12;

/** Judges prose of at most a few thousand characters; null when it meets the brief. */
export function checkProse(text: string, brief: ProseBrief): CheckFailure | null {
  const words = wordsOf(text);
  if (words.length < brief.min_words || words.length > brief.max_words) {
    return failure(
      'word_count',
      `The text has ${words.length} words.`,
      `Write between ${brief.min_words} and ${brief.max_words} words.`,
    );
  }
  const missing = brief.required_terms.find((term) => !mentions(text, term));
  if (missing !== undefined) {
    return failure(
      'required_terms',
      `The text does not use "${missing}".`,
      'Use every required term, spelled as given.',
    );
  }
  const forbidden = brief.forbidden_words?.find((word) => mentions(text, word));
  if (forbidden !== undefined) {
    return failure('forbidden_words', `The text uses "${forbidden}".`, 'Say it without the forbidden words.');
  }
  const sentences = sentencesOf(text).map((sentence) => wordsOf(sentence).join(' '));
  if (sentences.length < 3) {
    return failure('sentences', `The text has ${sentences.length} sentence(s).`, 'Write at least three sentences.');
  }
  if (new Set(sentences).size < sentences.length) {
    return failure('repetition', 'A sentence occurs twice.', 'Let every sentence say something new.');
  }
  if (new Set(words).size < words.length * 0.4) {
    return failure('variety', 'The same few words make up most of the text.', 'Write natural, varied sentences.');
  }
  if (longestSharedRun(text, brief.task) > LONGEST_ECHO) {
    return failure('echo', 'A long passage repeats the task.', 'Write your own text about the topic.');
  }
  return null;
}
