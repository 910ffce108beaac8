/**
 * What a server owes for the bytes that were sent to it. The suite reads its own outgoing stream as a server would, so
 * the order and form of replies can be checked however the bytes were built and cut.
 */
import { FIELD_BYTES_BY_FLAGS, FLAG } from '../../protocol/flags.ts';
import { FRAME_BYTES_CEILING } from '../../protocol/limits.ts';
import { OPCODE, operationName, type OperationName } from '../../protocol/operations.ts';
import { STATUS } from '../../protocol/statuses.ts';

export interface BinaryDue {
  readonly kind: 'binary';
  readonly opcode: number;
  readonly operation: OperationName | undefined;
  readonly flags: number;
  readonly id: number;
  /** Whether fields and key fit in the frame (FRAME-7). */
  readonly fits: boolean;
  readonly key: Buffer;
  readonly value: Buffer;
  /** The request's NUMBER, as a list's limit. */
  readonly number?: bigint;
}

export interface JsonDue {
  readonly kind: 'json';
  readonly text: string;
}

export interface FramingDue {
  readonly kind: 'framing';
  /** The status with which the server should answer (FRAME-3, FRAME-4). */
  readonly status: number;
}

export type Due = BinaryDue | JsonDue | FramingDue;

const LENGTH_BYTES = 4;
const HEAD_BYTES = 8;
const JSON_BRACE = 0x7b;

/** Splits the outgoing stream into requests. Behind QUIT and behind a framing error nothing is due (TRANSPORT-3). */
export class DueReader {
  #pending: Buffer = Buffer.alloc(0);
  #ended = false;
  readonly #frameBytesMax: number;

  constructor(frameBytesMax: number) {
    this.#frameBytesMax = frameBytesMax;
  }

  /** Whether the server must close: QUIT or a framing error was sent. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether part of a frame was sent and its rest was not. */
  get inFrame(): boolean {
    return !this.#ended && this.#pending.length > 0;
  }

  push(bytes: Uint8Array): Due[] {
    const dues: Due[] = [];
    if (this.#ended) return dues;
    this.#pending = Buffer.concat([this.#pending, bytes]);
    for (;;) {
      const due = this.#next();
      if (due === undefined) return dues;
      dues.push(due);
      this.#ended = due.kind === 'framing' || (due.kind === 'binary' && endsConnection(due));
      if (this.#ended) return dues;
    }
  }

  #next(): Due | undefined {
    if (this.#pending.length < LENGTH_BYTES) return undefined;
    const length = this.#pending.readUInt32BE(0);
    if (length === 0 || length > FRAME_BYTES_CEILING) return { kind: 'framing', status: STATUS.BAD_REQUEST };
    if (length > this.#frameBytesMax) return { kind: 'framing', status: STATUS.TOO_LARGE };
    // A binary frame that is too short shows with its first byte.
    const first = this.#pending[LENGTH_BYTES];
    if (length < HEAD_BYTES && first !== undefined && first !== JSON_BRACE) {
      return { kind: 'framing', status: STATUS.BAD_REQUEST };
    }
    if (this.#pending.length < LENGTH_BYTES + length) return undefined;
    const body = this.#pending.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
    this.#pending = this.#pending.subarray(LENGTH_BYTES + length);
    if (body[0] === JSON_BRACE) return { kind: 'json', text: body.toString('utf8') };
    return readRequest(body);
  }
}

/** Reads a binary request's body of at least 8 bytes. */
function readRequest(body: Buffer): BinaryDue {
  const opcode = body.readUInt8(0);
  const flags = body.readUInt8(1);
  const keyBytes = body.readUInt16BE(2);
  const fieldBytes = FIELD_BYTES_BY_FLAGS[flags] ?? 0;
  const keyStart = HEAD_BYTES + fieldBytes;
  const keyEnd = keyStart + keyBytes;
  const fits = keyEnd <= body.length;
  const numberAt = HEAD_BYTES + (FIELD_BYTES_BY_FLAGS[flags & (FLAG.TTL | FLAG.VERSION | FLAG.TAG)] ?? 0);
  return {
    kind: 'binary',
    opcode,
    operation: operationName(opcode),
    flags,
    id: body.readUInt32BE(4),
    fits,
    key: body.subarray(keyStart, keyEnd),
    value: body.subarray(keyEnd),
    ...(fits && (flags & FLAG.NUMBER) !== 0 && { number: body.readBigInt64BE(numberAt) }),
  };
}

/**
 * A QUIT that is carried out; one that does not fit, or has a flag, key or value, is a bad request (FRAME-7, FRAME-9).
 */
function endsConnection(due: BinaryDue): boolean {
  return due.opcode === OPCODE.QUIT && due.fits && due.flags === 0 && due.key.length === 0 && due.value.length === 0;
}
