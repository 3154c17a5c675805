import { defineCluster } from '../define-cluster.ts';

export const web = defineCluster({
  slug: 'web',
  name: 'Web',
  description: 'Reading, checking and describing web pages and their addresses.',
  tags: [
    {
      slug: 'web-scraping',
      name: 'Web scraping',
      description: 'Pull the title and the links of the main content out of an HTML document.',
    },
    {
      slug: 'seo-metadata',
      name: 'SEO metadata',
      description: 'Write title, meta description and slug for a page within the usual limits.',
    },
    {
      slug: 'url-normalization',
      name: 'URL normalization',
      description: 'Resolve and canonicalise addresses: host case, default ports, tracking parameters, fragments.',
    },
    {
      slug: 'accessibility-audit',
      name: 'Accessibility audit',
      description: 'Find the elements of an HTML fragment that shut people out, and say why.',
    },
  ],
});
