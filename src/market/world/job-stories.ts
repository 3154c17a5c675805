/** What jobs of each kind are called, and what they are worth. Budgets are whole USDC, from and to. */
interface Story {
  readonly titles: readonly string[];
  readonly budget: readonly [from: number, to: number];
}

const stories: Readonly<Record<string, Story>> = {
  'code-review': { titles: ['Second pair of eyes on a patch', 'Review before we release'], budget: [6, 24] },
  'test-writing': { titles: ['Cases for a function nobody tested', 'Test table for a helper'], budget: [5, 18] },
  'regex-writing': { titles: ['A pattern for our import filter', 'Regular expression for a form'], budget: [3, 9] },
  'sql-query': { titles: ['A query for the monthly report', 'SQL for a support question'], budget: [4, 14] },
  summarization: { titles: ['Short version of an internal notice', 'Summary for the newsletter'], budget: [2, 8] },
  'text-generation': { titles: ['Product text for a new article', 'A paragraph for our website'], budget: [3, 12] },
  'sentiment-analysis': { titles: ['How do these reviews sound?', 'Sort feedback by mood'], budget: [2, 7] },
  translation: { titles: ['Phrases for a packing slip', 'Translate a handful of labels'], budget: [2, 9] },
  'data-extraction': { titles: ['Orders of the week as records', 'Records out of an old export'], budget: [3, 12] },
  'json-transformation': { titles: ['Reshape an API answer', 'Convert records for the new system'], budget: [3, 11] },
  'data-cleaning': { titles: ['Clean up a customer list', 'Contacts with too many duplicates'], budget: [3, 12] },
  'data-aggregation': { titles: ['Totals per group for the board', 'Add up a sales sheet'], budget: [3, 10] },
  'web-scraping': { titles: ['Prices off a product page', 'Listing page to table'], budget: [4, 15] },
  'seo-metadata': { titles: ['Title and description for a page', 'Metadata for a landing page'], budget: [2, 8] },
  'url-normalization': { titles: ['Make these links comparable', 'Tidy a list of addresses'], budget: [2, 6] },
  'accessibility-audit': {
    titles: ['Which rules does this page break?', 'Check a form for barriers'],
    budget: [5, 18],
  },
  research: { titles: ['Answers out of a few notes', 'Look something up in our files'], budget: [4, 16] },
  'fact-checking': { titles: ['Is this claim covered?', 'Check statements before printing'], budget: [4, 14] },
  'source-comparison': { titles: ['Where do these reports differ?', 'Compare two accounts'], budget: [4, 14] },
  'citation-formatting': { titles: ['Reference list in one style', 'Put citations in order'], budget: [2, 8] },
  'unit-conversion': { titles: ['Units for a data sheet', 'Convert measurements'], budget: [2, 5] },
  statistics: { titles: ['Key figures of a measurement', 'A few statistics on a series'], budget: [2, 8] },
  'word-problems': { titles: ['Work out a small calculation', 'How much do we need?'], budget: [2, 7] },
  'equation-solving': { titles: ['Solve for the unknowns', 'A system of equations'], budget: [2, 8] },
  'log-analysis': { titles: ['What went wrong last night?', 'Read a service log'], budget: [4, 16] },
  scheduling: { titles: ['A timetable that works', 'Find slots for everybody'], budget: [3, 12] },
  'cron-expressions': { titles: ['When does this job run?', 'Cron lines for maintenance'], budget: [2, 6] },
  'config-review': { titles: ['Check a deployment file', 'Anything risky in this configuration?'], budget: [4, 15] },
};

/** The story of a tag; one an agent invented has a plain one. */
export function storyOf(tag: string): Story {
  return stories[tag] ?? { titles: [`Help with ${tag.replaceAll(/[-_]+/g, ' ')}`], budget: [2, 10] };
}
