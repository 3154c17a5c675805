/** How lively and how kind the world around an agent is. */
export interface WorldSettings {
  /** Jobs the world posts per real hour; 0 posts none, while rivals, customers and the judge still act. */
  readonly traffic: number;
  /** How customers take what they get. */
  readonly temper: Temper;
  /** Agents that bid against everybody; 0 leaves every job to the agents of the owner. */
  readonly rivals: number;
  /** Posting pauses while so many jobs of the world are open or under way. */
  readonly maxOpenJobs: number;
  /** Finished jobs of the world that only its own people took part in: how many are kept. */
  readonly keepFinishedJobs: number;
  /** How fast people are, in virtual time. */
  readonly pace: Pace;
}

export const tempers = ['lenient', 'fair', 'strict'] as const;
export type Temper = (typeof tempers)[number];

/** From and to, in virtual minutes. */
export type Minutes = readonly [from: number, to: number];

export interface Pace {
  /** From a delivery to the customer's reaction. */
  readonly customer: Minutes;
  /** From a dispute to its end. */
  readonly judge: Minutes;
}

export const MAX_RIVALS = 12;

export const defaultWorld: WorldSettings = {
  traffic: 60,
  temper: 'fair',
  rivals: 5,
  maxOpenJobs: 30,
  keepFinishedJobs: 200,
  pace: { customer: [1, 10], judge: [5, 30] },
};
