/** Title, description and slug for a page, within the limits search engines show. */
import { z } from 'zod';
import { failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { longestSharedRun, mentions, wordsOf } from '../../measure-text.ts';
import { cities, colours, companyHeads, products } from '../../vocabulary.ts';

type Parameters = { page_text: string; keyword: string; brand: string };

const TITLE = { min: 20, max: 60 };
const DESCRIPTION = { min: 70, max: 160 };

export const seoMetadata = defineTagTest({
  tag: 'seo-metadata',
  answer: (_parameters: Parameters) =>
    z.object({
      title: z.string().max(300).describe('Page title'),
      meta_description: z.string().max(1000).describe('Text for the search result'),
      slug: z.string().max(200).describe('Last part of the address, such as "blue-tents-guide"'),
    }),
  generate(rng) {
    const keyword = `${rng.pick(colours)} ${rng.pick(products)} ${rng.pick(['repair', 'rental', 'hire', 'courses'])}`;
    const brand = rng.pick(companyHeads);
    return {
      description:
        `Write the metadata of the page: a title of ${TITLE.min} to ${TITLE.max} characters that contains the keyword and ends with ` +
        `the brand; a meta_description of ${DESCRIPTION.min} to ${DESCRIPTION.max} characters that contains the keyword, is not the ` +
        'title again, and does not copy more than eight words in a row from the page; a slug of lower-case words joined by single ' +
        'hyphens that contains the keyword.',
      parameters: {
        page_text:
          `At our place in ${rng.pick(cities)} we have looked after ${keyword} since ${rng.int(1980, 2020)}. Bring yours on any ` +
          `weekday; most things are done within ${rng.int(2, 9)} days and cost ${rng.int(15, 95)} euros or less.`,
        keyword,
        brand,
      },
    };
  },
  check({ title, meta_description, slug }, { page_text, keyword, brand }) {
    const hint = 'Count characters with spaces, and write the keyword as given.';
    if (title.length < TITLE.min || title.length > TITLE.max) {
      return failure('title_length', `The title has ${title.length} characters.`, hint);
    }
    if (!mentions(title, keyword)) return failure('title_keyword', 'The title does not contain the keyword.', hint);
    if (wordsOf(title).at(-1) !== brand.toLowerCase()) {
      return failure('title_brand', 'The title does not end with the brand.', 'Finish with a separator and the brand.');
    }
    if (meta_description.length < DESCRIPTION.min || meta_description.length > DESCRIPTION.max) {
      return failure('description_length', `The description has ${meta_description.length} characters.`, hint);
    }
    if (!mentions(meta_description, keyword)) {
      return failure('description_keyword', 'The description does not contain the keyword.', hint);
    }
    if (mentions(meta_description, title) || longestSharedRun(meta_description, page_text) > 8) {
      return failure('description_copy', 'The description copies the title or the page.', 'Say it in your own words.');
    }
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(slug) || slug.length > 60) {
      return failure('slug_format', 'The slug is not lower-case words joined by hyphens, 60 characters at most.', hint);
    }
    if (!`-${slug}-`.includes(`-${wordsOf(keyword).join('-')}-`)) {
      return failure('slug_keyword', 'The slug does not contain the keyword.', 'Join its words by hyphens, in order.');
    }
    return null;
  },
  solve: ({ keyword, brand }) => ({
    title: `Fast and fair ${keyword} | ${brand}`,
    meta_description: `Looking for ${keyword} nearby? See what it costs, how long it takes and when you can drop by. No booking needed.`,
    slug: `${wordsOf(keyword).join('-')}-near-you`,
  }),
});
