/**
 * The slow plain twin of the decoder and of the readers of frames: it has the whole stream in one piece, copies
 * everything, and counts in BigInt. Random input must come out of both alike.
 */

/** What a whole stream holds. */
export interface PlainStream {
  readonly frames: Uint8Array[];
  readonly outcome: 'end' | 'unfinished' | 'invalid';
  /** The status of a framing error, otherwise 0. */
  readonly status: number;
}

/** Cuts a whole stream into frames, without their lengths (section 2). */
export function cutPlain(stream: Uint8Array, frameBytesMax: number): PlainStream {
  const frames: Uint8Array[] = [];
  let rest = stream.slice();
  while (rest.length >= 4) {
    const length = new DataView(rest.buffer, rest.byteOffset).getInt32(0);
    if (length <= 0) return { frames, outcome: 'invalid', status: 400 };
    if (length > frameBytesMax) return { frames, outcome: 'invalid', status: 413 };
    if (length < 8 && rest.length > 4 && rest[4] !== '{'.charCodeAt(0)) {
      return { frames, outcome: 'invalid', status: 400 };
    }
    if (rest.length < 4 + length) break;
    frames.push(rest.slice(4, 4 + length));
    rest = rest.slice(4 + length);
  }
  return { frames, outcome: rest.length > 0 ? 'unfinished' : 'end', status: 0 };
}

/** The parts of a binary frame; a reply has no key, and its status where a request has the key's length. */
export interface PlainFrame {
  readonly opcode: number;
  readonly flags: number;
  readonly keyLengthOrStatus: number;
  readonly id: number;
  readonly ttlMs: bigint;
  readonly version: bigint;
  readonly tag: number;
  readonly number: bigint;
  readonly token: bigint;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * Reads a binary frame of at least 8 bytes.
 *
 * @returns its parts, or undefined if fields and key do not fit (FRAME-7)
 */
export function readPlain(frame: Uint8Array, kind: 'request' | 'reply'): PlainFrame | undefined {
  const view = new DataView(frame.slice().buffer);
  let at = 8;
  const flags = view.getUint8(1);
  const take = (bit: number, bytes: number): number | undefined => {
    if ((flags & bit) === 0) return undefined;
    at += bytes;
    return at - bytes;
  };
  const offsets = [take(1, 8), take(2, 8), take(4, 4), take(8, 8), take(16, 8)] as const;
  const keyLengthOrStatus = view.getUint16(2);
  const keyEnd = at + (kind === 'request' ? keyLengthOrStatus : 0);
  if (keyEnd > frame.length) return undefined;
  const [ttlAt, versionAt, tagAt, numberAt, tokenAt] = offsets;
  return {
    opcode: view.getUint8(0),
    flags,
    keyLengthOrStatus,
    id: view.getUint32(4),
    ttlMs: ttlAt === undefined ? 0n : view.getBigUint64(ttlAt),
    version: versionAt === undefined ? 0n : view.getBigUint64(versionAt),
    tag: tagAt === undefined ? 0 : view.getUint32(tagAt),
    number: numberAt === undefined ? 0n : view.getBigInt64(numberAt),
    token: tokenAt === undefined ? 0n : view.getBigUint64(tokenAt),
    key: frame.slice(at, keyEnd),
    value: frame.slice(keyEnd),
  };
}
