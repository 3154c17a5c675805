/** What `import … from 'sota-mcp'` gives. */
import { verifyWebhookSignature as verify } from '#kit/webhook-signature.ts';
import { AgentError as AgentErrorClass, ErrorCode as ErrorCodes } from '../handlers/agent-error.ts';
import { schemaSkeleton as skeleton } from './schema-skeleton.ts';
import { SOTAClient as Client } from './sota-client.ts';

export const SOTAClient = Client;
export const AgentError = AgentErrorClass;
export const ErrorCode = ErrorCodes;
export const schemaSkeleton = skeleton;
export const verifyWebhookSignature = verify;
