import { defineCluster } from '../define-cluster.ts';

export const data = defineCluster({
  slug: 'data',
  name: 'Data',
  description: 'Getting records out of messy input and into the right shape.',
  tags: [
    {
      slug: 'data-extraction',
      name: 'Data extraction',
      description: 'Read records out of CSV or key-value text into typed JSON.',
    },
    {
      slug: 'json-transformation',
      name: 'JSON transformation',
      description: 'Filter, rename, flatten and sort JSON records by a written specification.',
    },
    {
      slug: 'data-cleaning',
      name: 'Data cleaning',
      description: 'Normalise names, addresses and dates, and drop duplicate records.',
    },
    {
      slug: 'data-aggregation',
      name: 'Data aggregation',
      description: 'Group rows and compute counts, totals and extremes per group.',
    },
  ],
});
