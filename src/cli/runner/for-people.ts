import type { SotaError } from '#contract/errors/sota-error.ts';

const NEW_AGENT = 'To try without an account: sota-runner dev.';

/** What to do, for somebody at a terminal. The advice inside the error is for a model with tools at hand. */
const advice: Readonly<Record<string, string>> = {
  no_api_key: `Write it into .env (cp .env.example .env) or set it in the environment. ${NEW_AGENT}`,
  invalid_api_key: `Check that the key is complete, and that SOTA_API_URL is the marketplace it was made for. ${NEW_AGENT}`,
};

/** What went wrong and what a person does about it, in a line or two. */
export function forPeople(error: SotaError): string {
  const fix = error.httpStatus === 401 ? (advice[error.code] ?? advice.invalid_api_key) : advice[error.code];
  if (fix !== undefined) return `${error.message} ${fix}`;
  if (!error.retryable && error.outcome !== 'unknown') return `${error.message} ${error.fix}`;
  return `${error.message} Check SOTA_API_URL and the network, then start again: nothing is lost.`;
}
