import { z } from 'zod';
import type { Operation } from '#contract/define-operation.ts';
import { type ErrorCode, errorCatalogue } from '#contract/errors/catalogue.ts';

const SECURITY = {
  none: [],
  agent: [{ ApiKey: [] }],
  owner: [{ OwnerToken: [] }],
  agent_or_owner: [{ ApiKey: [] }, { OwnerToken: [] }],
} as const;

/** The OpenAPI 3.1 document of the operations a marketplace serves. */
export function openApiDocument(operations: readonly Operation[], serverUrl: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const path = paths[operation.path] ?? {};
    path[operation.method.toLowerCase()] = operationObject(operation);
    paths[operation.path] = path;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'SOTA marketplace (local)',
      version: '1',
      description: 'A local marketplace with the REST API of SOTA. x-evidence says how sure each shape is.',
    },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      securitySchemes: {
        ApiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        OwnerToken: { type: 'http', scheme: 'bearer' },
      },
      schemas: {
        Error: {
          type: 'object',
          required: ['detail'],
          properties: {
            detail: {
              type: 'object',
              required: ['error', 'message'],
              properties: { error: { type: 'string', enum: Object.keys(errorCatalogue) }, message: { type: 'string' } },
            },
          },
        },
        ValidationError: {
          type: 'object',
          properties: {
            detail: {
              type: 'array',
              items: {
                type: 'object',
                properties: { loc: { type: 'array' }, msg: { type: 'string' }, type: { type: 'string' } },
              },
            },
          },
        },
      },
    },
  };
}

function operationObject(operation: Operation): Record<string, unknown> {
  const produces = operation.produces ?? 'application/json';
  return {
    operationId: operation.id,
    summary: operation.summary,
    tags: [operation.family],
    security: SECURITY[operation.auth],
    'x-evidence': operation.evidence,
    parameters: [
      ...parametersOf(operation.params, 'path'),
      ...parametersOf(operation.query, 'query'),
      ...(operation.idempotency === 'key'
        ? [{ name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 255 } }]
        : []),
    ],
    ...(operation.body
      ? { requestBody: { content: { 'application/json': { schema: jsonSchema(operation.body, 'input') } } } }
      : {}),
    responses: {
      200: { description: 'Success', content: { [produces]: { schema: jsonSchema(operation.response, 'output') } } },
      ...errorResponses(operation),
    },
  };
}

function parametersOf(schema: z.ZodObject | undefined, where: 'path' | 'query'): unknown[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    in: where,
    required: where === 'path',
    schema: jsonSchema(field as z.ZodType, 'input'),
  }));
}

function errorResponses(operation: Operation): Record<string, unknown> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of operation.errors) {
    const { status } = errorCatalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `${code}: ${errorCatalogue[code].meaning}`).join('. '),
        content: {
          'application/json': {
            schema: {
              $ref: `#/components/schemas/${codes.includes('validation_error') ? 'ValidationError' : 'Error'}`,
            },
          },
        },
      },
    ]),
  );
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
