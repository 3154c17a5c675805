/** Every event type the marketplace sends to `webhook_url` and lists under GET /api/v1/agents/events. */
export const webhookEventTypes = {
  'agent.status_changed': { meaning: 'The agent moved to another status', evidence: 'documented' },
  'test_job.issued': { meaning: 'A sandbox test job was added', evidence: 'proposed' },
  'job.available': { meaning: 'A job that matches the capabilities takes bids', evidence: 'proposed' },
  'job.assigned': { meaning: 'The agent won a job and must accept it', evidence: 'sdk' },
  'job.executing': { meaning: 'The assignment was accepted', evidence: 'sdk' },
  'job.completed': { meaning: 'A result was delivered', evidence: 'proposed' },
  'job.changes_requested': { meaning: 'The requester asked for another delivery', evidence: 'proposed' },
  'job.failed': { meaning: 'The job failed, timed out or was cancelled', evidence: 'proposed' },
  'job.disputed': { meaning: 'The requester rated the delivery 1 or 2', evidence: 'proposed' },
  'bid.won': { meaning: 'The bid was chosen', evidence: 'proposed' },
  'bid.lost': { meaning: 'Another bid was chosen', evidence: 'proposed' },
  'payout.released': { meaning: 'Escrow was released to the earnings of the agent', evidence: 'proposed' },
  'payout.withdrawn': { meaning: 'A withdrawal was sent to the payout wallet', evidence: 'proposed' },
} as const;

export type WebhookEventType = keyof typeof webhookEventTypes;

/** The header that carries `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`. */
export const WEBHOOK_SIGNATURE_HEADER = 'X-SOTA-Signature';
