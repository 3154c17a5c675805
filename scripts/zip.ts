import { deflateRawSync } from 'node:zlib';
import { crc32Of } from './crc32.ts';

const VERSION = 20;
const UTF8_NAMES = 0x0800;
const DEFLATED = 8;
/** 1 January 1980, the first day there is in a ZIP: the same contents give the same bytes. */
const DATE = 0x0021;

/**
 * A ZIP archive of the given files, sorted by name. Small files only: no ZIP64.
 * @example writeFileSync('x.zip', zip(new Map([['a.txt', Buffer.from('a')]])))
 */
export function zip(files: ReadonlyMap<string, Uint8Array>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = Buffer.from(name, 'utf8');
    const packed = deflateRawSync(content, { level: 9 });
    const head = header(path, content, packed);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), head, path, packed]);
    directory.push(entry(path, head, offset));
    parts.push(local);
    offset += local.length;
  }
  const index = Buffer.concat(directory);
  return Buffer.concat([...parts, index, ending(files.size, index.length, offset)]);
}

/** What the local header and the directory have in common. */
function header(path: Buffer, content: Uint8Array, packed: Buffer): Buffer {
  const head = Buffer.alloc(26);
  head.writeUInt16LE(VERSION, 0);
  head.writeUInt16LE(UTF8_NAMES, 2);
  head.writeUInt16LE(DEFLATED, 4);
  head.writeUInt16LE(0, 6);
  head.writeUInt16LE(DATE, 8);
  head.writeUInt32LE(crc32Of(content), 10);
  head.writeUInt32LE(packed.length, 14);
  head.writeUInt32LE(content.length, 18);
  head.writeUInt16LE(path.length, 22);
  head.writeUInt16LE(0, 24);
  return head;
}

function entry(path: Buffer, head: Buffer, offset: number): Buffer {
  const start = Buffer.alloc(6);
  start.write('PK\u0001\u0002', 0, 'latin1');
  start.writeUInt16LE((3 << 8) | VERSION, 4);
  const rest = Buffer.alloc(14);
  // An ordinary file, readable by all, as a Unix mode in the upper half.
  rest.writeUInt32LE(0o100644 * 0x10000, 6);
  rest.writeUInt32LE(offset, 10);
  return Buffer.concat([start, head, rest, path]);
}

function ending(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 0, 'latin1');
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return end;
}
