/**
 * Keeps secrets out of everything a person or a model may read. Two nets: the values this process holds, in every form
 * they could leave in, and the shapes secrets of this marketplace have, for those we were never told about.
 */
export interface Redactor {
  /** From now on `secret` is replaced wherever it appears. Values under 8 characters would match by accident: ignored. */
  add(secret: string): void;
  /** Whether exactly this was added. */
  knows(secret: string): boolean;
  /** Whether the whole of a known secret stands in the text, in any form. */
  carries(text: string): boolean;
  /** `text` with every known secret, and everything shaped like one, replaced. */
  redact(text: string): string;
  /** The same for known secrets alone: for data that must arrive as it is, where a likeness is no reason to change it. */
  redactKnown(text: string): string;
  /**
   * A JSON-like value with every text in it redacted, names of members included. What has nothing to hide comes back
   * as it is, not as a copy.
   */
  redactDeep<T>(value: T, net?: 'known' | 'all'): T;
}

const MASK = '[redacted]';
const MIN_LENGTH = 8;
/** A text that was cut may hold the beginning of a secret. More than a key's public prefix, less than could be used. */
const MIN_PREFIX = 16;

const SHAPES: readonly RegExp[] = [
  /\bsk_(?:live|test)_[A-Za-z0-9_-]{8,}/g,
  /\bwhsec_[A-Za-z0-9_+/=-]{8,}/g,
  /\brec_[A-Za-z0-9_-]{12,}/g,
  /\b(?:owner|refresh|login|device|admin)_[A-Za-z0-9_-]{24,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g,
  // With a digit: "Bearer authentication" is a phrase.
  /\bBearer\s+(?=[A-Za-z._~+/=-]*\d)[A-Za-z0-9._~+/=-]{8,}/gi,
];

/**
 * @example
 * const redactor = createRedactor();
 * redactor.add(apiKey);
 * redactor.redact(`GET /x?key=${apiKey}`) // 'GET /x?key=[redacted]'
 */
export function createRedactor(): Redactor {
  const known = new Set<string>();
  let forms: readonly string[] = [];

  function redactKnown(text: string): string {
    let out = text;
    for (const form of forms) out = out.replaceAll(form, MASK);
    // Only then beginnings: two forms of one secret may begin alike, and the rest of the other would stay.
    for (const form of forms) out = withoutBeginning(out, form);
    return out;
  }
  function redact(text: string): string {
    let out = redactKnown(text);
    for (const shape of SHAPES) out = out.replace(shape, MASK);
    return out;
  }
  return {
    add(secret) {
      if (secret.length < MIN_LENGTH || known.has(secret)) return;
      known.add(secret);
      // Longest first, so that a form that contains another one is replaced whole.
      forms = [...new Set([...forms, ...formsOf(secret)])].sort((a, b) => b.length - a.length);
    },
    knows: (secret) => known.has(secret),
    carries: (text) => forms.some((form) => text.includes(form)),
    redact,
    redactKnown,
    redactDeep: (value, net = 'all') => deep(value, net === 'all' ? redact : redactKnown),
  };
}

/** The secrets this process holds. One per process, because what is secret does not depend on who is logging. */
export const liveSecrets: Redactor = createRedactor();

/** Every beginning of a form that is long enough to matter, as far as it goes. */
function withoutBeginning(text: string, form: string): string {
  if (form.length <= MIN_PREFIX) return text;
  const needle = form.slice(0, MIN_PREFIX);
  let at = text.indexOf(needle);
  if (at < 0) return text;
  let out = '';
  let from = 0;
  for (; at >= 0; at = text.indexOf(needle, from)) {
    let end = at + needle.length;
    while (end < text.length && text[end] === form[end - at]) end += 1;
    out += text.slice(from, at) + MASK;
    from = end;
  }
  return out + text.slice(from);
}

function deep<T>(value: T, redact: (text: string) => string): T {
  if (typeof value === 'string') return redact(value) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => deep(item, redact));
    return items.some((item, index) => item !== value[index]) ? (items as T) : value;
  }
  const entries = Object.entries(value).map(([name, member]) => [redact(name), deep(member, redact)] as const);
  const changed = entries.some(([name, member]) => !Object.is(Reflect.get(value, name), member));
  return changed ? (Object.fromEntries(entries) as T) : value;
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const hex = bytes.toString('hex');
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), hex, hex.toUpperCase()];
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
