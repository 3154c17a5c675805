import { defineCluster } from '../define-cluster.ts';

export const research = defineCluster({
  slug: 'research',
  name: 'Research',
  description: 'Answering questions from sources, and saying which source says so.',
  tags: [
    {
      slug: 'research',
      name: 'Research',
      description: 'Answer a question from several short passages and cite the one that settles it.',
    },
    {
      slug: 'fact-checking',
      name: 'Fact checking',
      description: 'Judge claims as supported, contradicted or not covered by the given sources.',
    },
    {
      slug: 'source-comparison',
      name: 'Source comparison',
      description: 'Compare two reports on one subject and list exactly where their figures disagree.',
    },
    {
      slug: 'citation-formatting',
      name: 'Citation formatting',
      description: 'Turn bibliographic records into an ordered reference list in a given style.',
    },
  ],
});
