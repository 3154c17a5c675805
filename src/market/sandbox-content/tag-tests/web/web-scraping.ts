/**
 * A small page to read: its title, and the links of its main part with absolute addresses. Navigation, footer and
 * commented-out links are there to be left out. The checker reads only pages it wrote itself, so patterns suffice.
 */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { compareRows, failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { cities, colours, products } from '../../vocabulary.ts';

type Parameters = { url: string; html: string };
type Page = { title: string; links: { text: string; href: string }[] };

function drawLink(rng: Rng): string {
  const [product, colour] = [rng.pick(products), rng.pick(colours)];
  const address = rng.pick([
    `/shop/${product}-${rng.int(10, 99)}`,
    `https://${colour}.example/${product}?id=${rng.int(100, 999)}`,
    `../${colour}/${product}.html`,
    `${product}/${rng.int(10, 99)}`,
  ]);
  const label = `${colour} ${product}`;
  return `<a href="${address}">${rng.next() < 0.5 ? `<b>${label}</b>` : label}</a>`;
}

function drawPage(rng: Rng): Parameters {
  const [city = '', other = ''] = rng.shuffle(cities);
  const title = `${rng.pick(['Shops', 'Makers', 'Markets'])} &amp; ${rng.pick(['repairs', 'rentals', 'tours'])} in ${city}`;
  const links = Array.from({ length: rng.int(3, 4) }, () => drawLink(rng));
  return {
    url: `https://www.${city.toLowerCase()}.example/guide/${rng.int(2015, 2024)}/index.html`,
    html: [
      `<!doctype html><html lang="en"><head><title>\n  ${title}\n</title></head><body>`,
      `<nav><a href="/">Home</a> <a href="/about">About ${other}</a></nav>`,
      '<main>',
      `<h1>Welcome to ${city}</h1>`,
      `<p>We recommend ${links[0]} and ${links[1]}.</p>`,
      `<!-- ${drawLink(rng)} -->`,
      `<ul>${links
        .slice(2)
        .map((link) => `<li>${link}</li>`)
        .join('')}</ul>`,
      '</main>',
      `<footer><a href="/imprint">Imprint</a></footer></body></html>`,
    ].join('\n'),
  };
}

function readPage({ url, html }: Parameters): Page {
  const text = (markup: string) =>
    markup
      .replace(/<[^>]*>/g, '')
      .replaceAll('&amp;', '&')
      .trim();
  const main = html.slice(html.indexOf('<main>'), html.indexOf('</main>')).replace(/<!--.*?-->/gs, '');
  return {
    title: text(/<title>(.*?)<\/title>/s.exec(html)?.[1] ?? ''),
    links: [...main.matchAll(/<a href="([^"]*)">(.*?)<\/a>/g)].map(([, href = '', label = '']) => ({
      text: text(label),
      href: new URL(href, url).href,
    })),
  };
}

export const webScraping = defineTagTest({
  tag: 'web-scraping',
  answer: (_parameters: Parameters) =>
    z.object({
      title: z.string().max(500).describe('Content of the title element'),
      links: z
        .array(
          z.object({
            text: z.string().max(500).describe('Link text without markup'),
            href: z.string().max(1000).describe('Absolute address'),
          }),
        )
        .max(50)
        .describe('In document order'),
    }),
  generate: (rng) => ({
    description:
      'From the HTML document found at url, give the title and all links inside the main element, in document order. Decode ' +
      'entities, drop markup and outer white space, resolve addresses against url, and ignore what is commented out.',
    parameters: drawPage(rng),
  }),
  check({ title, links }, parameters) {
    const page = readPage(parameters);
    if (title !== page.title) {
      return failure(
        'title',
        'The title is not what the title element says.',
        'Decode entities such as &amp; and trim.',
      );
    }
    return compareRows(page.links, links, {
      noun: 'link',
      hint: 'Take links from main only, not from comments, and resolve relative addresses against the page url.',
    });
  },
  solve: readPage,
});
