/**
 * What the readers of our distribution files accept, as far as we use it, written down from their documentation:
 * the registry's server.json (2025-12-11), the MCPB manifest (0.3) and Claude Code plugins. Unknown names are refused, so
 * that a misspelt one does not pass.
 */
import { z } from 'zod';

const semver = z.string().regex(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/);
const url = z.url({ protocol: /^https$/ });

const input = z.strictObject({
  name: z.string().regex(/^[A-Z][A-Z0-9_]*$/),
  description: z.string().min(1),
  isRequired: z.boolean().optional(),
  isSecret: z.boolean().optional(),
  format: z.enum(['string', 'number', 'boolean', 'filepath']).optional(),
  default: z.string().optional(),
  choices: z.array(z.string()).optional(),
});

export const serverJson = z.strictObject({
  $schema: z.literal('https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json'),
  name: z
    .string()
    .min(3)
    .max(200)
    .regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/),
  title: z.string().min(1).max(100).optional(),
  description: z.string().min(1).max(100),
  version: semver,
  websiteUrl: url.optional(),
  packages: z
    .array(
      z.strictObject({
        registryType: z.enum(['npm', 'oci', 'mcpb']),
        registryBaseUrl: url.optional(),
        identifier: z.string().min(1),
        version: semver,
        runtimeHint: z.enum(['npx', 'docker']).optional(),
        transport: z.strictObject({ type: z.literal('stdio') }),
        environmentVariables: z.array(input).optional(),
      }),
    )
    .min(1),
});

const option = z.strictObject({
  type: z.enum(['string', 'number', 'boolean', 'directory', 'file']),
  title: z.string().min(1),
  description: z.string().min(1),
  required: z.boolean().optional(),
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  sensitive: z.boolean().optional(),
});

export const mcpbManifest = z.strictObject({
  manifest_version: z.literal('0.3'),
  name: z.string().regex(/^[a-z0-9-]+$/),
  display_name: z.string().optional(),
  version: semver,
  description: z.string().min(1),
  long_description: z.string().optional(),
  author: z.strictObject({ name: z.string().min(1), email: z.email().optional(), url: url.optional() }),
  homepage: url.optional(),
  documentation: url.optional(),
  license: z.string().optional(),
  keywords: z.array(z.string()).optional(),
  server: z.strictObject({
    type: z.literal('node'),
    entry_point: z.string(),
    mcp_config: z.strictObject({
      command: z.literal('node'),
      args: z.array(z.string()),
      env: z.record(z.string(), z.string()),
    }),
  }),
  tools_generated: z.boolean().optional(),
  prompts_generated: z.boolean().optional(),
  user_config: z.record(z.string(), option),
  compatibility: z.strictObject({
    platforms: z.array(z.enum(['darwin', 'win32', 'linux'])),
    runtimes: z.strictObject({ node: z.string() }),
  }),
});

const author = z.strictObject({ name: z.string().min(1), email: z.email().optional(), url: url.optional() });
const kebab = z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);

export const claudePlugin = z.strictObject({
  name: kebab,
  version: semver,
  description: z.string().min(1),
  author,
  homepage: url.optional(),
  license: z.string(),
  keywords: z.array(z.string()).optional(),
  skills: z.array(z.string().regex(/^\.\//)),
  mcpServers: z.record(
    z.string().max(20),
    z.strictObject({
      command: z.string(),
      args: z.array(z.string()),
      env: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

export const claudeMarketplace = z.strictObject({
  name: kebab,
  owner: author,
  plugins: z.array(z.strictObject({ name: kebab, source: z.string().regex(/^\.\//), description: z.string() })),
});
