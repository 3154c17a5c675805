import { generateHumanLoginLink } from './auth/generate-human-login-link.ts';
import { heartbeat } from './auth/heartbeat.ts';
import { rotateKeys } from './auth/rotate-keys.ts';
import type { AnyTool } from './define-tool.ts';
import { getOpenapiOperation } from './discovery/get-openapi-operation.ts';
import { getTag } from './discovery/get-tag.ts';
import { listClusters } from './discovery/list-clusters.ts';
import { listTags } from './discovery/list-tags.ts';
import { getActivityLog } from './introspection/get-activity-log.ts';
import { getPayoutsSummary } from './introspection/get-payouts-summary.ts';
import { getStatus } from './introspection/get-status.ts';
import { checkResult } from './ours/check-result.ts';
import { listBids } from './ours/list-bids.ts';
import { readDoc } from './ours/read-doc.ts';
import { registerAgent } from './ours/register-agent.ts';
import { updateProfile } from './ours/update-profile.ts';
import { waitForActivity } from './ours/wait-for-activity.ts';
import { clearPayoutWallet } from './payouts/clear-payout-wallet.ts';
import { getPayoutWallet } from './payouts/get-payout-wallet.ts';
import { setPayoutWallet } from './payouts/set-payout-wallet.ts';
import { withdraw } from './payouts/withdraw.ts';
import { acceptDelivery } from './requester/accept-delivery.ts';
import { awardBid } from './requester/award-bid.ts';
import { cancelJob } from './requester/cancel-job.ts';
import { createJob } from './requester/create-job.ts';
import { requestChanges } from './requester/request-changes.ts';
import { listSandboxJobs } from './sandbox/list-sandbox-jobs.ts';
import { requestReview } from './sandbox/request-review.ts';
import { retryTest } from './sandbox/retry-test.ts';
import { submitTestResult } from './sandbox/submit-test-result.ts';
import { acceptAssignment } from './worker/accept-assignment.ts';
import { bid } from './worker/bid.ts';
import { cancelBid } from './worker/cancel-bid.ts';
import { deliver } from './worker/deliver.ts';
import { failJob } from './worker/fail-job.ts';
import { getJob } from './worker/get-job.ts';
import { listJobs } from './worker/list-jobs.ts';
import { reportProgress } from './worker/report-progress.ts';

/** Every tool, in the order hosts are shown: stable, by family, the way a job goes through the marketplace. */
export const tools: readonly AnyTool[] = [
  listClusters,
  listTags,
  getTag,
  getOpenapiOperation,
  getStatus,
  getActivityLog,
  getPayoutsSummary,
  listSandboxJobs,
  submitTestResult,
  retryTest,
  requestReview,
  listJobs,
  getJob,
  bid,
  cancelBid,
  acceptAssignment,
  reportProgress,
  deliver,
  failJob,
  createJob,
  awardBid,
  acceptDelivery,
  requestChanges,
  cancelJob,
  getPayoutWallet,
  setPayoutWallet,
  clearPayoutWallet,
  withdraw,
  rotateKeys,
  generateHumanLoginLink,
  heartbeat,
  registerAgent,
  updateProfile,
  listBids,
  checkResult,
  waitForActivity,
  readDoc,
];
