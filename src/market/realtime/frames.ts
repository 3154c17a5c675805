import { createHash } from 'node:crypto';

/**
 * The frames of a WebSocket (RFC 6455), as far as short texts in both directions need them. Extensions are never agreed
 * on, so a frame that claims one is a mistake of the sender.
 */
export type Frame =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'ping' | 'pong' | 'close'; readonly payload: Buffer };

/** The sender broke the protocol; `code` is what to close with. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  constructor(
    readonly code: 1002 | 1003 | 1007 | 1009,
    message: string,
  ) {
    super(message);
  }
}

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OPCODES = { text: 1, close: 8, ping: 9, pong: 10 } as const;
const CONTINUATION = 0;
const BINARY = 2;
const SMALL = 125;
const UINT16 = 126;
const UINT64 = 127;

/** What proves to a client that its handshake was understood. */
export function acceptKey(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64');
}

/** @example socket.write(encodeFrame('text', 'hello')) */
export function encodeFrame(kind: keyof typeof OPCODES, payload: string | Buffer): Buffer {
  const body = Buffer.from(payload);
  const first = 0x80 | OPCODES[kind];
  if (body.length <= SMALL) return Buffer.concat([Buffer.from([first, body.length]), body]);
  const isShort = body.length <= 0xffff;
  const head = Buffer.alloc(isShort ? 4 : 10);
  head[0] = first;
  head[1] = isShort ? UINT16 : UINT64;
  if (isShort) head.writeUInt16BE(body.length, 2);
  else head.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([head, body]);
}

/** The payload of a closing frame. */
export function closing(code: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return payload;
}

/** Reads what a client sends, however it is cut into chunks and fragments. */
export class FrameReader {
  #pending = Buffer.alloc(0);
  #fragments: Buffer[] = [];
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws FrameError */
  push(chunk: Buffer): Frame[] {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const frames: Frame[] = [];
    for (let raw = this.#take(); raw; raw = this.#take()) {
      const frame = this.#assemble(raw);
      if (frame) frames.push(frame);
    }
    return frames;
  }

  /** One whole frame off the front, if it has arrived. */
  #take(): RawFrame | undefined {
    const { length } = this.#pending;
    if (length < 2) return undefined;
    const [first = 0, second = 0] = this.#pending;
    if (first & 0x70) throw new FrameError(1002, 'Extensions were not agreed on');
    if (!(second & 0x80)) throw new FrameError(1002, 'Clients mask what they send');
    const size = second & 0x7f;
    const extra = size === UINT16 ? 2 : size === UINT64 ? 8 : 0;
    const head = 2 + extra + 4;
    if (length < head) return undefined;
    const bytes = extra === 8 ? Number(this.#pending.readBigUInt64BE(2)) : extra ? this.#pending.readUInt16BE(2) : size;
    if (bytes > this.#maxBytes) throw new FrameError(1009, 'The message is too long');
    if (length < head + bytes) return undefined;
    const mask = this.#pending.subarray(head - 4, head);
    const payload = Buffer.from(this.#pending.subarray(head, head + bytes));
    for (let i = 0; i < payload.length; i += 1) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0);
    this.#pending = this.#pending.subarray(head + bytes);
    return { isLast: (first & 0x80) !== 0, opcode: first & 0x0f, payload };
  }

  #assemble({ isLast, opcode, payload }: RawFrame): Frame | undefined {
    if (opcode >= OPCODES.close) return control(isLast, opcode, payload);
    if (opcode === BINARY) throw new FrameError(1003, 'Only texts are understood');
    const isFirst = this.#fragments.length === 0;
    if (opcode > BINARY || isFirst !== (opcode === OPCODES.text)) {
      throw new FrameError(1002, opcode === CONTINUATION ? 'Nothing was begun' : 'The last message was not ended');
    }
    this.#fragments.push(payload);
    const whole = Buffer.concat(this.#fragments);
    if (whole.length > this.#maxBytes) throw new FrameError(1009, 'The message is too long');
    if (!isLast) return undefined;
    this.#fragments = [];
    try {
      return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(whole) };
    } catch {
      throw new FrameError(1007, 'The text is not UTF-8');
    }
  }
}

interface RawFrame {
  readonly isLast: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
}

function control(isLast: boolean, opcode: number, payload: Buffer): Frame {
  if (!isLast || payload.length > SMALL) throw new FrameError(1002, 'Control frames are short and whole');
  if (opcode === OPCODES.close) return { kind: 'close', payload };
  if (opcode === OPCODES.ping) return { kind: 'ping', payload };
  if (opcode === OPCODES.pong) return { kind: 'pong', payload };
  throw new FrameError(1002, `There is no frame of kind ${opcode}`);
}
