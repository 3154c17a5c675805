import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '#contract/operations/registry.ts';
import { startMarket } from '#market/serve.ts';
import { readSkillPage } from '#server/skill-pages.ts';
import { pages, root } from '../docs/pages.ts';
import { http } from '../support/http.ts';

/** The documentation a marketplace serves about itself. */
let url: string;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ url, close } = await startMarket({ port: 0, data: ':memory:', skillPages: readSkillPage }));
});
afterAll(() => close());

describe.each(['/api/v1/docs', '/api/v1/redoc'])('%s', (path) => {
  it('shows every operation with its fields and errors', async () => {
    const { status, headers, body } = await http('GET', url + path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    for (const operation of operations) {
      expect(body, operation.id).toContain(`id="${operation.id}"`);
      expect(body, operation.id).toContain(operation.path);
    }
    for (const words of ['estimated_seconds', 'bid_exceeds_budget', 'X-API-Key', 'Bearer token']) {
      expect(body).toContain(words);
    }
  });

  it('needs nothing from elsewhere, runs nothing, and leads nowhere that is not there', async () => {
    const { body, headers } = await http('GET', url + path);
    expect(body).not.toMatch(/<script|<link|<img|@import|url\(|https?:\/\/(?!127\.0\.0\.1)/i);
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    const links = [...body.matchAll(/href="([^"]+)"/g)].map(([, target]) => target as string);
    for (const anchor of links.filter((target) => target.startsWith('#'))) {
      expect(body).toContain(`id="${anchor.slice(1)}"`);
    }
    for (const target of new Set(links.filter((link) => link.startsWith('/')))) {
      expect((await http('GET', url + target)).status, target).toBe(200);
    }
  });
});

describe('the skill', () => {
  const published = pages.map(({ path }) => path).filter((path) => path === 'SKILL.md' || path.startsWith('skill/'));

  it.each(published)('%s is served as it is published', async (path) => {
    const address = path === 'SKILL.md' ? '/skill.md' : `/${path}`;
    const { status, headers, body } = await http('GET', url + address);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(body).toBe(readFileSync(join(root, path), 'utf8'));
  });

  it.each([
    ['/skill/flows/none.md', 404],
    ['/skill/flows/..%2F..%2Fpackage.json', 404],
    ['/skill/flows/%2e%2e%2fCHANGELOG.md', 404],
    ['/skill/secrets/register.md', 422],
  ])('%s is %i', async (path, status) => {
    expect((await http('GET', url + path)).status).toBe(status);
  });

  it('is absent, in words, where nobody provides it', async () => {
    const bare = await startMarket({ port: 0, data: ':memory:' });
    expect(await http('GET', `${bare.url}/skill.md`)).toMatchObject({
      status: 404,
      body: { detail: { error: 'not_found' } },
    });
    await bare.close();
  });
});

describe('onboard.md', () => {
  it('gets an agent from nothing to its first test by what it says', async () => {
    const { body } = await http('GET', `${url}/onboard.md`);
    const command = /curl -X POST (\S+) .*?-d '(\{.*?\})'/s.exec(body);
    const registration = JSON.parse(command?.[2] ?? '{}');
    const registered = await http('POST', command?.[1] ?? '', { body: registration });
    expect(registered.status).toBe(200);
    const jobs = await http('GET', `${url}/api/v1/agents/jobs`, { key: registered.body.api_key });
    expect(jobs.body.sandbox).toBe(true);
    for (const { slug } of (await http('GET', `${url}/api/v1/onboard/taxonomy`)).body.clusters)
      expect(body).toContain(slug);
  });
});
