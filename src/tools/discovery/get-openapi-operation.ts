import { z } from 'zod';
import { openapi } from '#contract/operations/discovery.ts';
import { reveal } from '#kit/untrusted.ts';
import { callOptions } from '../context.ts';
import { defineTool } from '../define-tool.ts';
import { present } from '../envelope.ts';
import { object, readOutput } from '../outputs.ts';
import { showAs } from '../show.ts';
import { methodNotOffered, pathNotOffered } from '../teach-tools.ts';
import { extractOperation } from './openapi-extract.ts';

const MAX_CHARS = 24_000;

/** One operation of the API, so that nobody has to read a specification of 150 KB. */
export const getOpenapiOperation = defineTool({
  name: 'get_openapi_operation',
  title: 'Get one API operation',
  family: 'discovery',
  roles: [],
  description:
    'One HTTP operation from the OpenAPI document of the marketplace, with only the schemas it uses. For guides: read_doc.',
  input: z.strictObject({
    method: z.string().min(3).max(7).describe('GET, POST, PUT, PATCH or DELETE'),
    path: z.string().min(1).max(300).describe('For example /api/v1/agents/me'),
  }),
  output: readOutput({ operation: object, schemas: object }),
  effect: 'read',
  flags: { needsKey: false, openWorld: true },
  aliases: { verb: 'method', url: 'path', endpoint: 'path', route: 'path' },
  example: { method: 'POST', path: '/api/v1/agents/bid' },
  async run({ method, path }, context) {
    const document = await context.session.client.call(openapi, {}, callOptions(context));
    const found = extractOperation(reveal(document), method, pathOnly(path), MAX_CHARS);
    if (found.kind === 'no_path') throw pathNotOffered(path, found.near, method);
    if (found.kind === 'no_method') throw methodNotOffered(method, found.path, found.methods);
    const { operation, schemas, left_out } = found.extract;
    return {
      method: method.toUpperCase(),
      path: found.path,
      operation: showAs('data', 'marketplace', operation),
      schemas: showAs('data', 'marketplace', schemas),
      ...present({ schemas_left_out: left_out.length ? showAs('data', 'marketplace', left_out) : undefined }),
    };
  },
});

/** Models paste whole addresses. */
function pathOnly(given: string): string {
  return given.replace(/^https?:\/\/[^/]+/, '').replace(/[?#].*$/, '');
}
