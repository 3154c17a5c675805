import { teach } from '#contract/errors/teach.ts';

/**
 * An origin as everything else expects it: scheme, host, port and perhaps a prefix, without a slash at the end.
 * @throws SotaError when it is no http(s) URL
 */
export function normalizeOrigin(text: string): string {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch (error) {
    throw teach.badOrigin(text, error);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw teach.badOrigin(text);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
