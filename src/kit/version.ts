import { readFileSync } from 'node:fs';

declare const __SOTA_VERSION__: string | undefined;

/** The version of this package: written in by the build, read from package.json when run from source. */
export const version: string =
  typeof __SOTA_VERSION__ === 'string' ? __SOTA_VERSION__ : versionOf(new URL('../../package.json', import.meta.url));

function versionOf(file: URL): string {
  const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const found = typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined;
  return typeof found === 'string' ? found : '0.0.0';
}
