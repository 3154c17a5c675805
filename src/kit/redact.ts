/**
 * Keeps secrets out of everything a person or a model may read. Two nets: the exact values this process holds, in
 * every form they could leave in, and the shapes secrets of this marketplace have, for those we were never told about.
 */
export interface Redactor {
  /** From now on `secret` is replaced wherever it appears. Values under 8 characters would match by accident: ignored. */
  add(secret: string): void;
  /** `text` with every known secret, and everything shaped like one, replaced. */
  redact(text: string): string;
}

const MASK = '[redacted]';
const MIN_LENGTH = 8;

const SHAPES: readonly RegExp[] = [
  /\bsk_(?:live|test)_[A-Za-z0-9_-]{8,}/g,
  /\bwhsec_[A-Za-z0-9_+/=-]{8,}/g,
  /\brec_[A-Za-z0-9_-]{12,}/g,
  /\b(?:owner|refresh|login|device|admin)_[A-Za-z0-9_-]{24,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g,
  /\bBearer\s+[A-Za-z0-9._~+/=-]{8,}/gi,
];

/**
 * @example
 * const redactor = createRedactor();
 * redactor.add(apiKey);
 * redactor.redact(`GET /x?key=${apiKey}`) // 'GET /x?key=[redacted]'
 */
export function createRedactor(): Redactor {
  const known = new Set<string>();
  let needles: readonly string[] = [];
  return {
    add(secret) {
      if (secret.length < MIN_LENGTH || known.has(secret)) return;
      known.add(secret);
      // Longest first, so that a form that contains another one is replaced whole.
      needles = [...new Set([...needles, ...formsOf(secret)])].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      let out = text;
      for (const needle of needles) out = out.replaceAll(needle, MASK);
      for (const shape of SHAPES) out = out.replace(shape, MASK);
      return out;
    },
  };
}

/** The secrets this process holds. One per process, because what is secret does not depend on who is logging. */
export const liveSecrets: Redactor = createRedactor();

function formsOf(secret: string): string[] {
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
  const bytes = Buffer.from(secret, 'utf8');
  // Base64 of a text that contains the secret depends on where in a group of three bytes it starts. The characters at
  // either end mix with their neighbours, so only the run between them is looked for.
  for (const lead of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(lead), bytes]);
    const inner = padded.subarray(0, padded.length - (padded.length % 3)).toString('base64');
    const run = inner.slice(lead === 0 ? 0 : 4);
    if (run.length >= MIN_LENGTH) forms.push(run, run.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return forms;
}
