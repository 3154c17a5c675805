/** How webhooks are sent. */
export interface WebhookSettings {
  /**
   * Where they may go. `local`: also to loopback and private networks, because the receiver runs beside the marketplace.
   * `public`: to public addresses only, as a marketplace that strangers use must, or they would make it call whatever
   * stands behind its firewall.
   */
  readonly targets: 'local' | 'public';
  /** Real milliseconds to wait before the second, third, … attempt; one attempt more than there are waits. */
  readonly retryDelaysMs: readonly number[];
  /** How long one attempt may take, name look-up and connection included. */
  readonly timeoutMs: number;
}

export const defaultWebhookSettings: WebhookSettings = {
  targets: 'local',
  retryDelaysMs: [5_000, 30_000, 120_000, 600_000, 1_800_000, 7_200_000, 21_600_000],
  timeoutMs: 10_000,
};
