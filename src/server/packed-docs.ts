import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';

/**
 * The pages by their path in the project, as the build packs them beside the program: compressed, as manual pages are, so
 * that a package which is fetched anew again and again stays small. There only in the bundle; see `embedded-docs.ts`.
 */
export async function readPackedDocs(): Promise<Readonly<Record<string, string>>> {
  const packed = await readFile(new URL('./docs.json.br', import.meta.url));
  return JSON.parse(String(await promisify(brotliDecompress)(packed)));
}
