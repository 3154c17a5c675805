import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { verifyWebhookSignature } from '#runner/sdk/library.ts';

interface Vector {
  readonly name: string;
  readonly body: { readonly base64: string } | { readonly repeat_byte: number; readonly length: number };
  readonly header: string | null;
  readonly now: number;
  readonly secrets: readonly (string | { readonly secret: string; readonly not_after: number })[];
  readonly tolerance_seconds?: number;
  readonly expect: string;
}
type Group = Partial<Vector> & { readonly tests: readonly Partial<Vector>[] };

const pathOf = (name: string) => fileURLToPath(new URL(`../../vectors/${name}`, import.meta.url));
const text = readFileSync(pathOf('webhook-signatures.json'), 'utf8');
const { groups } = JSON.parse(text) as { groups: readonly Group[] };
const vectors = groups.flatMap(({ tests, ...given }) => tests.map((test) => ({ ...given, ...test }) as Vector));
const bytesOf = (body: Vector['body']) =>
  'base64' in body ? Buffer.from(body.base64, 'base64') : Buffer.alloc(body.length, body.repeat_byte);

describe('the published webhook vectors', () => {
  it.each(vectors)('$name: $expect', ({ body, header, now, secrets, tolerance_seconds, expect: expected }) => {
    const verdict = verifyWebhookSignature({
      body: bytesOf(body),
      header: header ?? undefined,
      now,
      secrets: secrets.map((entry) =>
        typeof entry === 'string' ? entry : { secret: entry.secret, notAfter: entry.not_after },
      ),
      ...(tolerance_seconds === undefined ? {} : { toleranceSeconds: tolerance_seconds }),
    });
    expect(verdict.valid ? 'valid' : verdict.reason).toBe(expected);
  });

  it('are what the script beside them makes', ({ skip }) => {
    let made = '';
    try {
      made = execFileSync('python3', [pathOf('make-webhook-signatures.py')], { encoding: 'utf8' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') skip('there is no Python here');
      throw error;
    }
    expect(made).toBe(text);
  });
});
