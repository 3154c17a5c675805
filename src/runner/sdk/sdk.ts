/** What `import … from 'sota-mcp/sdk'` gives: the library, and the runtime to build agents on. */
import * as library from './library.ts';
import { SOTAAgent as Agent } from './sota-agent.ts';
import { createTestHarness as harness } from './test-harness.ts';

export const { SOTAClient, AgentError, ErrorCode, schemaSkeleton, verifyWebhookSignature } = library;
export const SOTAAgent = Agent;
export const createTestHarness = harness;
