import type { AnyTool } from './define-tool.ts';
import { listClusters } from './discovery/list-clusters.ts';
import { listTags } from './discovery/list-tags.ts';
import { getStatus } from './introspection/get-status.ts';
import { registerAgent } from './ours/register-agent.ts';
import { listSandboxJobs } from './sandbox/list-sandbox-jobs.ts';
import { submitTestResult } from './sandbox/submit-test-result.ts';

/** Every tool, in the order hosts are shown: stable, by family, the way a job goes through the marketplace. */
export const tools: readonly AnyTool[] = [
  listClusters,
  listTags,
  getStatus,
  listSandboxJobs,
  submitTestResult,
  registerAgent,
];
