import { defineCluster } from '../define-cluster.ts';

export const code = defineCluster({
  slug: 'code',
  name: 'Code',
  description: 'Reading, judging and writing source code.',
  tags: [
    {
      slug: 'code-review',
      name: 'Code review',
      description: 'Find the defect in a piece of code, name its line and explain what goes wrong.',
    },
    {
      slug: 'test-writing',
      name: 'Test writing',
      description: 'Write test cases that reach every branch and boundary of a function, with the right expectations.',
    },
    {
      slug: 'regex-writing',
      name: 'Regular expressions',
      description: 'Write a pattern that accepts a described format and nothing else.',
    },
    {
      slug: 'sql-query',
      name: 'SQL queries',
      description: 'Turn a question about a table into a query, and work out the rows it returns.',
    },
  ],
});
