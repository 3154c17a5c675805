import { defineCluster } from '../define-cluster.ts';

export const math = defineCluster({
  slug: 'math',
  name: 'Math',
  description: 'Calculations that have one right answer.',
  tags: [
    {
      slug: 'unit-conversion',
      name: 'Unit conversion',
      description: 'Convert lengths, masses, volumes, speeds and temperatures between unit systems.',
    },
    {
      slug: 'statistics',
      name: 'Statistics',
      description: 'Compute mean, median, range and standard deviation of a small sample.',
    },
    {
      slug: 'word-problems',
      name: 'Word problems',
      description: 'Turn a story with numbers into a calculation and give the result with its unit.',
    },
    {
      slug: 'equation-solving',
      name: 'Equation solving',
      description: 'Solve small systems of linear equations.',
    },
  ],
});
