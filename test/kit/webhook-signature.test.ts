import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signWebhook, verifyWebhookSignature, type WebhookVerification } from '#kit/webhook-signature.ts';

const SECRET = 'whsec_test_0123456789abcdefghijklmnop';
const OTHER = 'whsec_test_zyxwvutsrqponmlkjihgfedcba';
const AT = 1_700_000_000;
const BODY = Buffer.from('{"event":"job.assigned","job_id":"job_1"}');

const verify = (changes: Partial<WebhookVerification> = {}) =>
  verifyWebhookSignature({
    body: BODY,
    header: signWebhook(BODY, AT, [SECRET]),
    secrets: [SECRET],
    now: AT,
    ...changes,
  });
const reason = (changes: Partial<WebhookVerification>) => {
  const verdict = verify(changes);
  return verdict.valid ? 'valid' : verdict.reason;
};

/** Published, so that other implementations can be held against this one. The digests were made by Python. */
const vectors = [
  {
    name: 'ASCII',
    body: Buffer.from('{"event":"job_assigned"}'),
    v1: '3107bb9ec524cde523f9d14637a4bf8bca430c99f69220639c4a74b3d4b78a64',
  },
  { name: 'empty', body: Buffer.alloc(0), v1: 'd1e2605dffbb0f06e5d89839bc644ed9724294bb9815df4beef608a7df7f75e5' },
  {
    name: 'UTF-8',
    body: Buffer.from('{"title":"Zoë – 試験 🦾"}'),
    v1: 'dbaa83eb7e3ab39bc69488132868e408cde2106fb09a4055228c1fac6590f248',
  },
  {
    name: 'CRLF',
    body: Buffer.from('{\r\n"a":1\r\n}\r\n'),
    v1: '49cd80a0654e602afa726618019108060a0c80a8322b86588c643b0750adc3c2',
  },
  {
    name: 'BOM',
    body: Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]),
    v1: '1d4f65389912f5a3b5ee268ec720b60efd9b5ead83bc9bb8523134999528fb06',
  },
  {
    name: 'invalid UTF-8',
    body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
    v1: '94b91437970beef20ba9ae330fe10edefd91c26841a8693905ec6421995dc03f',
  },
] as const;

describe('the vectors', () => {
  it.each(vectors)('$name', ({ body, v1 }) => {
    const header = `t=${AT},v1=${v1}`;
    expect(signWebhook(body, AT, [SECRET])).toBe(header);
    expect(verify({ body, header })).toEqual({ valid: true, timestamp: AT });
  });

  it('two bodies that decode to one text have two signatures', () => {
    const [one, two] = [Buffer.from([0xff]), Buffer.from([0xfe])];
    expect(new TextDecoder().decode(one)).toBe(new TextDecoder().decode(two));
    expect(reason({ body: two, header: signWebhook(one, AT, [SECRET]) })).toBe('no_match');
  });
});

describe('a changed message is not genuine', () => {
  it('whichever bit of the body is flipped', () => {
    for (let bit = 0; bit < BODY.length * 8; bit += 1) {
      const body = Buffer.from(BODY);
      body[bit >> 3]! ^= 1 << (bit & 7);
      expect(reason({ body, header: signWebhook(BODY, AT, [SECRET]) })).toBe('no_match');
    }
  });

  it('whichever character of the header is replaced', () => {
    const header = signWebhook(BODY, AT, [SECRET]);
    for (let index = 0; index < header.length; index += 1) {
      for (const character of ['0', '1', 'f', 'x', '=', ' ']) {
        if (header[index] === character) continue;
        const changed = header.slice(0, index) + character + header.slice(index + 1);
        expect(verify({ header: changed }).valid, changed).toBe(false);
      }
    }
  });

  it('never throws for any header, and accepts none that was not made with the secret', () => {
    const piece = fc.oneof(
      fc.constantFrom(`t=${AT}`, 't=', 'v1=', `v1=${'0'.repeat(64)}`, `v0=${'0'.repeat(64)}`, ',', '=', ' ', 'v1=é'),
      fc.string({ maxLength: 70 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        expect(verify({ header: pieces.join(',') }).valid).toBe(false);
      }),
    );
  });
});

describe('the header', () => {
  const good = signWebhook(BODY, AT, [SECRET]);
  const [t, v1] = good.split(',') as [string, string];

  it.each([
    ['missing', undefined, 'missing_header'],
    ['empty', '', 'missing_header'],
    ['without t', v1, 'malformed_header'],
    ['without v1', t, 'malformed_header'],
    ['with t twice', `${t},${t},${v1}`, 'malformed_header'],
    ['with a second, other t', `${t},t=${AT + 1},${v1}`, 'malformed_header'],
    ['with a negative t', `t=-${AT},${v1}`, 'malformed_header'],
    ['with a fractional t', `t=${AT}.5,${v1}`, 'malformed_header'],
    ['with t in another base', `t=0x6553f100,${v1}`, 'malformed_header'],
    ['with t of 13 digits', `t=1700000000000,${v1}`, 'malformed_header'],
    ['with a signature cut short', good.slice(0, -1), 'malformed_header'],
    ['with a signature that is too long', `${good}0`, 'malformed_header'],
    ['with a signature that is not hex', `${t},v1=${'g'.repeat(64)}`, 'malformed_header'],
    ['with one good and one broken signature', `${good},v1=zz`, 'malformed_header'],
    ['with an unknown scheme only', `${t},v0=${v1.slice(3)}`, 'malformed_header'],
    ['with bare hex, as older tools sign', v1.slice(3), 'malformed_header'],
    ['over 1 kB', `${good},x=${'y'.repeat(1024)}`, 'header_too_long'],
    ['with nine signatures', [t, ...Array<string>(9).fill(v1)].join(','), 'too_many_signatures'],
    ['with a leading zero that was not signed', `t=0${AT},${v1}`, 'no_match'],
  ])('%s: %s', (_what, header, expected) => {
    expect(reason({ header })).toBe(expected);
  });

  it.each([
    ['in another order', `${v1},${t}`],
    ['with spaces after the commas', `${t}, ${v1}`],
    ['with upper-case hex', `${t},v1=${v1.slice(3).toUpperCase()}`],
    ['with a scheme of the future', `${good},v2=whatever`],
    ['with a wrong signature beside the right one', `${t},v1=${'0'.repeat(64)},${v1}`],
    ['with eight signatures', [t, ...Array<string>(7).fill(`v1=${'0'.repeat(64)}`), v1].join(',')],
  ])('%s is fine', (_what, header) => {
    expect(verify({ header }).valid).toBe(true);
  });
});

describe('the time', () => {
  it.each([
    [-300, true],
    [-299, true],
    [299, true],
    [300, true],
    [301, false],
    [-301, false],
  ])('%i s off: %s', (off, valid) => {
    expect(verify({ now: AT + off }).valid).toBe(valid);
  });

  it('may be narrowed and widened within bounds, never switched off', () => {
    expect(verify({ now: AT + 31, toleranceSeconds: 30 }).valid).toBe(false);
    expect(verify({ now: AT + 900, toleranceSeconds: 900 }).valid).toBe(true);
    for (const toleranceSeconds of [0, 29, 901, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => verify({ toleranceSeconds })).toThrow(RangeError);
    }
  });

  it('that is none counts as outside', () => {
    expect(reason({ now: Number.NaN })).toBe('outside_tolerance');
  });
});

describe('secrets', () => {
  it('old, new, or both: any that is in force is enough', () => {
    const both = signWebhook(BODY, AT, [OTHER, SECRET]);
    expect(both.match(/v1=/g)).toHaveLength(2);
    expect(verify({ header: both, secrets: [SECRET] }).valid).toBe(true);
    expect(verify({ header: both, secrets: [OTHER] }).valid).toBe(true);
    expect(verify({ header: signWebhook(BODY, AT, [OTHER]), secrets: [SECRET, OTHER] }).valid).toBe(true);
    expect(reason({ header: signWebhook(BODY, AT, [OTHER]), secrets: [SECRET] })).toBe('no_match');
  });

  it('count until their last moment and not in it', () => {
    expect(verify({ secrets: [{ secret: SECRET, notAfter: AT + 1 }] }).valid).toBe(true);
    expect(reason({ secrets: [{ secret: SECRET, notAfter: AT }] })).toBe('no_match');
  });

  it('that are empty or absent open nothing', () => {
    const forged = `t=${AT},v1=${createHmac('sha256', '').update(`${AT}.`).update(BODY).digest('hex')}`;
    expect(reason({ header: forged, secrets: [''] })).toBe('no_match');
    expect(reason({ secrets: [] })).toBe('no_match');
  });

  it('are used whole, prefix included', () => {
    expect(reason({ secrets: [SECRET.replace('whsec_', '')] })).toBe('no_match');
  });
});

describe('the body', () => {
  it.each([
    ['text', '{}'],
    ['parsed JSON', {}],
    ['null', null],
    ['an array', [1]],
  ])('as %s is a mistake of the receiver', (_what, body) => {
    expect(() => verify({ body: body as never })).toThrow(/express\.raw/);
  });

  it('up to 1 MB is verified, above it is not', () => {
    const largest = Buffer.alloc(1024 * 1024, 'a');
    expect(verify({ body: largest, header: signWebhook(largest, AT, [SECRET]) }).valid).toBe(true);
    expect(reason({ body: Buffer.alloc(1024 * 1024 + 1) })).toBe('body_too_large');
    expect(() => signWebhook(Buffer.alloc(1024 * 1024 + 1), AT, [SECRET])).toThrow(RangeError);
  });

  it('may be any view of bytes', () => {
    expect(verify({ body: new Uint8Array(BODY) }).valid).toBe(true);
  });
});

describe('signing', () => {
  it.each([
    ['fractional seconds', () => signWebhook(BODY, AT + 0.5, [SECRET])],
    ['milliseconds', () => signWebhook(BODY, AT * 1000, [SECRET])],
    ['no secret', () => signWebhook(BODY, AT, [])],
    ['nine secrets', () => signWebhook(BODY, AT, Array<string>(9).fill(SECRET))],
  ])('refuses %s', (_what, sign) => {
    expect(sign).toThrow(RangeError);
  });
});
