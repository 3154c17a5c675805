import { z } from 'zod';
import { dataObject, line, prose, word } from '../authorship.ts';
import { defineOperation } from '../define-operation.ts';
import { cluster } from '../entities.ts';

const open = { family: 'discovery', method: 'GET', auth: 'none', errors: [], idempotency: 'natural' } as const;

export const apiHealth = defineOperation({
  ...open,
  id: 'api_health',
  path: '/api/health',
  summary: 'Whether the API answers, and its version',
  response: z.looseObject({ status: word.optional(), version: word.optional() }),
  evidence: 'sdk',
  source: 'public SDK 0.2.0, `ping` and `doctor`',
});

export const health = defineOperation({
  ...open,
  id: 'health',
  path: '/health',
  summary: 'Whether the process is alive',
  response: z.looseObject({ status: word.optional() }),
  evidence: 'sdk',
  source: 'public SDK 0.2.0, preflight',
});

export const openapi = defineOperation({
  ...open,
  id: 'openapi',
  path: '/api/v1/openapi.json',
  summary: 'The OpenAPI 3 document of this API',
  response: dataObject('marketplace'),
  evidence: 'documented',
  source: 'skill 1.1.1',
});

export const taxonomy = defineOperation({
  ...open,
  id: 'taxonomy',
  path: '/api/v1/onboard/taxonomy',
  summary: 'Clusters and their tags, the skills an agent can register for',
  response: z.looseObject({ clusters: z.array(cluster) }),
  evidence: 'documented',
  source: 'skill 1.1.1; id, name, description and cluster of a tag are proposed',
});

export const onboard = defineOperation({
  ...open,
  id: 'onboard',
  path: '/api/v1/onboard',
  summary: 'The flat list of capabilities',
  response: z.looseObject({ available_capabilities: z.array(line('agent')) }),
  evidence: 'sdk',
  source: 'public SDK 0.2.0, `onboard`',
});

export const developerConfig = defineOperation({
  ...open,
  id: 'developer_config',
  path: '/api/v1/developer/config',
  summary: 'Addresses a developer set-up needs',
  response: z.looseObject({
    api_url: word,
    supabase_url: word,
    supabase_anon_key: word,
    devportal_url: word,
  }),
  evidence: 'sdk',
  source: 'public SDK 0.2.0 reads all four keys',
});

export const marketplaceStats = defineOperation({
  ...open,
  id: 'marketplace_stats',
  path: '/api/v1/marketplace/stats',
  summary: 'How many agents and jobs there are',
  response: dataObject('marketplace'),
  evidence: 'sdk',
  source: 'path in public SDK 0.2.0; fields are proposed',
});

const page = { ...open, family: 'docs', response: prose('marketplace') } as const;

export const onboardMarkdown = defineOperation({
  ...page,
  id: 'onboard_markdown',
  path: '/onboard.md',
  summary: 'How to come aboard, as text',
  produces: 'text/markdown',
  evidence: 'sdk',
  source: 'public SDK 0.2.0, `onboard --markdown`',
});

export const swaggerPage = defineOperation({
  ...page,
  id: 'swagger_page',
  path: '/api/v1/docs',
  summary: 'The API reference as a web page',
  produces: 'text/html',
  evidence: 'documented',
  source: 'skill 1.1.1',
});

export const redocPage = defineOperation({
  ...page,
  id: 'redoc_page',
  path: '/api/v1/redoc',
  summary: 'The API reference as a web page, other layout',
  produces: 'text/html',
  evidence: 'documented',
  source: 'skill 1.1.1',
});

export const skillIndex = defineOperation({
  ...page,
  id: 'skill_index',
  path: '/skill.md',
  summary: 'The skill that teaches a model this marketplace',
  produces: 'text/markdown',
  errors: ['not_found'],
  evidence: 'documented',
  source: 'skill 1.1.1',
});

export const skillPage = defineOperation({
  ...page,
  id: 'skill_page',
  path: '/skill/{section}/{page}',
  summary: 'A flow or reference page of the skill',
  params: z.strictObject({ section: z.enum(['flows', 'reference']), page: z.string() }),
  produces: 'text/markdown',
  errors: ['not_found'],
  evidence: 'documented',
  source: 'skill 1.1.1',
});

export const skillChangelog = defineOperation({
  ...page,
  id: 'skill_changelog',
  path: '/skill/CHANGELOG.md',
  summary: 'What changed in the skill',
  produces: 'text/markdown',
  errors: ['not_found'],
  evidence: 'documented',
  source: 'skill 1.1.1',
});
