import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58 } from '@scure/base';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inGroupsOfFour } from '#kit/groups-of-four.ts';
import { walletProblem } from '#kit/solana-address.ts';

const walletOf = (seed: string): string =>
  base58.encode(ed25519.getPublicKey(createHash('sha256').update(seed).digest()));

test('every real wallet is one', () => {
  fc.assert(
    fc.property(fc.string(), (seed) => walletProblem(walletOf(seed)) === undefined),
    { numRuns: 50 },
  );
});

test.each([
  ['the System Program', '11111111111111111111111111111111', /System Program/],
  ['the USDC mint', 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', /USDC mint/],
  ['the Token Program', 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA', /Token Program/],
  ['the incinerator', '1nc1nerator11111111111111111111111111111111', /incinerator/],
  ['an Ethereum address', '0x52908400098527886E0F7030069857D2E4169EE7', /Ethereum/],
  ['a Bitcoin address', 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq', /Bitcoin/],
  ['31 bytes', base58.encode(new Uint8Array(31).fill(7)), /exactly 32 bytes/],
  ['33 bytes', base58.encode(new Uint8Array(33).fill(7)), /exactly 32 bytes/],
  ['44 ones, which are 44 bytes', '1'.repeat(44), /exactly 32 bytes/],
  ['a letter base58 does not have', `O${walletOf('x').slice(1)}`, /base58/],
  ['spaces', ` ${walletOf('x')}`, /base58/],
  ['nothing', '', /base58/],
])('%s is no wallet', (_name, address, problem) => {
  expect(walletProblem(address)).toMatch(problem);
});

test('of the 32-byte texts about half are off the curve, and they are refused', () => {
  const random = Array.from({ length: 400 }, (_, n) => createHash('sha256').update(`bytes ${n}`).digest());
  const refused = random.filter((bytes) => walletProblem(base58.encode(bytes)) !== undefined).length;
  expect(refused).toBeGreaterThan(150);
  expect(refused).toBeLessThan(250);
});

test('which 32 bytes are a point of the curve is what a second library says, at the edges of the field too', () => {
  const prime = 2n ** 255n - 19n;
  const edges = [0n, 1n, 2n, prime - 2n, prime - 1n, prime, prime + 1n, 2n ** 255n - 1n].flatMap((y) =>
    [y, y | (1n << 255n)].map((bits) => Buffer.from(bits.toString(16).padStart(64, '0'), 'hex').reverse()),
  );
  const random = Array.from({ length: 400 }, (_, n) => createHash('sha256').update(`point ${n}`).digest());
  for (const bytes of [...edges, ...random]) {
    const address = base58.encode(bytes);
    const onCurve = ed25519.utils.isValidPublicKey(bytes, false);
    expect([address, /^no private key/.test(walletProblem(address) ?? '')]).toEqual([address, !onCurve]);
  }
});

test('an address is shown in groups of four, complete', () => {
  const address = walletOf('groups');
  const shown = inGroupsOfFour(address);
  expect(shown.replaceAll(' ', '')).toBe(address);
  expect(shown.split(' ').every((group) => group.length <= 4)).toBe(true);
});
