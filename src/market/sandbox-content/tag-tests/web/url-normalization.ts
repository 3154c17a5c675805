/** Addresses in many spellings, to be brought into one canonical form by stated rules. */

import { z } from 'zod';
import type { Rng } from '#kit/rng.ts';
import { failure } from '../../compare.ts';
import { defineTagTest } from '../../define-test.ts';
import { cities, colours, products } from '../../vocabulary.ts';

type Parameters = { base: string; urls: string[]; tracking_parameters: string[] };

const tracking = ['utm_source', 'utm_campaign', 'fbclid', 'gclid', 'ref', 'session'];

function drawUrl(rng: Rng, tracked: readonly string[]): string {
  const query = rng.shuffle([
    `size=${rng.int(1, 60)}`,
    `colour=${rng.pick(colours)}`,
    `${rng.pick(tracked)}=${rng.int(100, 999)}`,
  ]);
  const host = `${rng.pick(['WWW', 'Shop', 'api'])}.${rng.pick(cities)}.Example`;
  const [scheme, port] = rng.pick([
    ['https', ''],
    ['HTTPS', ':443'],
    ['http', ':80'],
    ['https', ':8443'],
  ] as const);
  const path = rng.pick([
    `/${rng.pick(products)}/../${rng.pick(products)}`,
    `/Store/./${rng.pick(products)}`,
    `/${rng.pick(products)}/${rng.int(10, 99)}`,
  ]);
  const place = rng.pick([`${scheme}://${host}${port}${path}`, path, `${rng.pick(products)}/list`]);
  return `${place}?${query.slice(0, rng.int(2, 3)).join('&')}${rng.pick(['', '#top', '#reviews'])}`;
}

function normalize(address: string, { base, tracking_parameters }: Parameters): string {
  // The WHATWG parser lower-cases scheme and host, drops default ports and resolves dot segments.
  const url = new URL(address, base);
  url.hash = '';
  for (const name of tracking_parameters) url.searchParams.delete(name);
  url.searchParams.sort();
  return url.href;
}

export const urlNormalization = defineTagTest({
  tag: 'url-normalization',
  answer: (_parameters: Parameters) =>
    z.object({
      normalized: z.array(z.string().max(1000)).min(1).max(50).describe('One per given address, in the same order'),
    }),
  generate(rng) {
    const tracking_parameters = rng.shuffle(tracking).slice(0, 3);
    return {
      description:
        'Normalise every address: resolve it against base, scheme and host in lower case, no default port (80 for http, 443 for ' +
        'https), no "." or ".." segments, no fragment, no tracking_parameters, the other query parameters sorted by name. Leave ' +
        'the path otherwise as it is, and leave no "?" without parameters.',
      parameters: {
        base: `https://${rng.pick(cities).toLowerCase()}.example/catalogue/${rng.pick(products)}/index.html`,
        urls: Array.from({ length: 4 }, () => drawUrl(rng, tracking_parameters)),
        tracking_parameters,
      },
    };
  },
  check({ normalized }, parameters) {
    const hint =
      'Apply the rules one after another to each address; the last path segment of base is replaced, not kept.';
    if (normalized.length !== parameters.urls.length) {
      return failure('count', `${normalized.length} address(es) do not fit the number given.`, hint);
    }
    const wrong = parameters.urls.findIndex((url, index) => normalize(url, parameters) !== normalized[index]);
    return wrong < 0 ? null : failure('address', `The address at index ${wrong} is not in normal form.`, hint);
  },
  solve: (parameters) => ({ normalized: parameters.urls.map((url) => normalize(url, parameters)) }),
});
