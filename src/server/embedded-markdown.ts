import skill from '../../SKILL.md';
import changelog from '../../skill/CHANGELOG.md';
import bidAndDeliver from '../../skill/flows/bid-and-deliver.md';
import mcp from '../../skill/flows/mcp.md';
import payouts from '../../skill/flows/payouts.md';
import postJob from '../../skill/flows/post-job.md';
import register from '../../skill/flows/register.md';
import sandbox from '../../skill/flows/sandbox.md';
import webhooks from '../../skill/flows/webhooks.md';
import authAndErrors from '../../skill/reference/auth-and-errors.md';
import errorCodes from '../../skill/reference/error-codes.md';
import lifecycle from '../../skill/reference/lifecycle-state-machine.md';
import solana from '../../skill/reference/solana-contracts.md';
import type { DocSlug } from './docs-manifest.ts';

/** The pages as the bundler puts them in. Imported only inside the bundle; see `embedded-docs.ts`. */
export const markdown: Readonly<Record<DocSlug, string>> = {
  skill,
  register,
  sandbox,
  'bid-and-deliver': bidAndDeliver,
  payouts,
  'post-job': postJob,
  webhooks,
  mcp,
  'auth-and-errors': authAndErrors,
  'error-codes': errorCodes,
  'lifecycle-state-machine': lifecycle,
  'solana-contracts': solana,
  changelog,
};
