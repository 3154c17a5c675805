import { expect, it } from 'vitest';
import { signWebhook } from '#kit/webhook-signature.ts';
import { readPage } from './pages.ts';

/** The receiver's check that the webhook page shows, run as it stands there. */
const [example] = readPage('skill/flows/webhooks.md').fences.filter(({ language }) => language === 'js');
const { isGenuine } = (await import(
  /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(example!.content)}`
)) as {
  isGenuine(body: Buffer, header: string | undefined, secret: string, now?: number): boolean;
};

const AT = 1_700_000_000;
const body = Buffer.from([0x7b, 0xff, 0x7d]);
const header = signWebhook(body, AT, ['whsec_new', 'whsec_old']);

it.each([
  ['the new secret', body, header, 'whsec_new', AT, true],
  ['the old secret', body, header, 'whsec_old', AT, true],
  ['the edge of its time', body, header, 'whsec_new', AT + 300, true],
  ['another secret', body, header, 'whsec_none', AT, false],
  ['another body', Buffer.from('{}'), header, 'whsec_new', AT, false],
  ['too late', body, header, 'whsec_new', AT + 301, false],
  ['too early', body, header, 'whsec_new', AT - 301, false],
  ['no header', body, undefined, 'whsec_new', AT, false],
  ['a second time stamp', body, `${header},t=${AT}`, 'whsec_new', AT, false],
  ['a signature cut short', body, header.slice(0, -100), 'whsec_old', AT, false],
])('%s', (_what, bytes, signed, secret, now, genuine) => {
  expect(isGenuine(bytes, signed, secret, now)).toBe(genuine);
});
