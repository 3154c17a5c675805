/** How long a human has to answer a question; the note about it expires with it. */
export const DIALOGUE_SECONDS = 120;
/** How long a host of the older era may keep a dialogue open. */
export const DIALOGUE_MS = DIALOGUE_SECONDS * 1000;
