/** Translation into an invented language: the glossary and the grammar are all there is to know about it. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { wordsOf } from '../../measure-text.ts';

type Parameters = {
  glossary: { nouns: Record<string, string>; verbs: Record<string, string>; adjectives: Record<string, string> };
  grammar: {
    word_order: 'verb subject object' | 'subject object verb' | 'object verb subject';
    adjective: 'before its noun' | 'after its noun';
    plural_suffix: string;
    past_prefix: string;
    future_prefix: string;
    articles: 'none';
  };
  sentences: string[];
};

const nouns = ['river', 'horse', 'stone', 'bird', 'farmer', 'king', 'tower', 'ship'];
const verbs = ['watch', 'follow', 'guard', 'lift', 'paint', 'call'];
const adjectives = ['old', 'small', 'red', 'quiet', 'wild'];

/** Words of two or three syllables, all different, none the beginning of an affix. */
function coinWords(rng: Rng, count: number): string[] {
  const syllable = () => rng.pick([...'bdfgklmnprstvz']) + rng.pick([...'aeiou']);
  const words = new Set<string>();
  while (words.size < count) words.add(syllable() + syllable() + (rng.next() < 0.4 ? syllable() : ''));
  return [...words];
}

function writeSentence(rng: Rng): string {
  const phrase = (noun: string) =>
    `the ${rng.next() < 0.6 ? `${rng.pick(adjectives)} ` : ''}${noun}${rng.next() < 0.4 ? 's' : ''}`;
  const [subject = '', object = ''] = rng.shuffle(nouns);
  const verb = rng.pick(verbs);
  const text = `${phrase(subject)} ${rng.next() < 0.5 ? `${verb}ed` : `will ${verb}`} ${phrase(object)}.`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function translate(sentence: string, { glossary, grammar }: Parameters): string {
  const phrases: string[] = [];
  let adjective = '';
  let verb = '';
  for (const word of wordsOf(sentence)) {
    const singular = word.replace(/s$/, '');
    const noun = glossary.nouns[singular];
    if (glossary.adjectives[word] !== undefined) adjective = glossary.adjectives[word];
    else if (noun !== undefined) {
      const inflected = singular === word ? noun : noun + grammar.plural_suffix;
      const parts = grammar.adjective === 'before its noun' ? [adjective, inflected] : [inflected, adjective];
      phrases.push(parts.filter((part) => part !== '').join(' '));
      adjective = '';
    } else if (glossary.verbs[word] !== undefined) verb = grammar.future_prefix + glossary.verbs[word];
    else if (glossary.verbs[word.replace(/ed$/, '')] !== undefined) {
      verb = `${grammar.past_prefix}${glossary.verbs[word.replace(/ed$/, '')]}`;
    }
  }
  const roles: Record<string, string> = { verb, subject: phrases[0] ?? '', object: phrases[1] ?? '' };
  return grammar.word_order
    .split(' ')
    .map((role) => roles[role])
    .join(' ');
}

export const translation = defineTagTest({
  tag: 'translation',
  answer: (_parameters: Parameters) =>
    z.object({
      translations: z.array(z.string().max(500)).min(1).max(20).describe('One per sentence, in the same order'),
    }),
  generate(rng) {
    const words = coinWords(rng, nouns.length + verbs.length + adjectives.length + 3);
    const take = (list: readonly string[]) => Object.fromEntries(list.map((word) => [word, words.pop() ?? '']));
    return {
      description:
        'Translate the English sentences into the constructed language given by glossary and grammar. Affixes are joined to ' +
        'the word without a hyphen: suffixes to plural nouns, prefixes to verbs ("-ed" is past, "will" is future). There are no ' +
        'articles. Each sentence is subject, verb, object in English. Case and punctuation do not matter.',
      parameters: {
        glossary: { nouns: take(nouns), verbs: take(verbs), adjectives: take(adjectives) },
        grammar: {
          word_order: rng.pick(['verb subject object', 'subject object verb', 'object verb subject'] as const),
          adjective: rng.pick(['before its noun', 'after its noun'] as const),
          plural_suffix: rng.pick(['li', 'mo', 'ren', 'sha']),
          past_prefix: rng.pick(['ka', 'to', 'un']),
          future_prefix: rng.pick(['we', 'si', 'ar']),
          articles: 'none' as const,
        },
        sentences: Array.from({ length: 3 }, () => writeSentence(rng)),
      },
    };
  },
  check({ translations }, parameters) {
    const hint = 'Look up every word, inflect it by the affixes, then put the phrases into the given order.';
    if (translations.length !== parameters.sentences.length) {
      return failure('count', `${translations.length} translation(s) do not fit the number of sentences.`, hint);
    }
    const wrong = parameters.sentences.findIndex(
      (sentence, index) => wordsOf(translations[index] ?? '').join(' ') !== translate(sentence, parameters),
    );
    return wrong < 0 ? null : failure('translation', `The translation at index ${wrong} is not right.`, hint);
  },
  solve: (parameters) => ({ translations: parameters.sentences.map((sentence) => translate(sentence, parameters)) }),
});
