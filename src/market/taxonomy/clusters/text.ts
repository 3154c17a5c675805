import { defineCluster } from '../define-cluster.ts';

export const text = defineCluster({
  slug: 'text',
  name: 'Text',
  description: 'Writing, shortening, judging and translating prose.',
  tags: [
    {
      slug: 'summarization',
      name: 'Summarization',
      description: 'Shorten a text to a word limit while keeping its key names and figures, in other words.',
    },
    {
      slug: 'text-generation',
      name: 'Text generation',
      description: 'Write a short text from a brief: topic, audience, required terms, word limits.',
    },
    {
      slug: 'sentiment-analysis',
      name: 'Sentiment analysis',
      description: 'Label what customers wrote as positive, negative or neutral.',
    },
    {
      slug: 'translation',
      name: 'Translation',
      description: 'Translate sentences strictly by a given glossary and grammar.',
    },
  ],
});
