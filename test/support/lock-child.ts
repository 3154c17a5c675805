/** Claims the directory of argv[2], tells its parent the result, and stays until it is killed. */
import { claimOwnership } from '#kit/os-lock.ts';

const dir = process.argv[2] ?? '';
process.on('message', async (message) => {
  if (message !== 'claim') return;
  const claim = await claimOwnership(dir, { from: process.pid });
  process.send?.({ owner: claim.owner, ownerPid: claim.owner ? process.pid : claim.pid });
  if (claim.owner) return;
  await claim.closed;
  process.send?.({ closed: true });
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
