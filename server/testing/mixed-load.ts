/** SETs and GETs with values of all orders of magnitude, for what shows only in a server's process. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { FrameDecoder, FrameWriter, OPCODE, ReplyFrame, RequestFrame, STATUS } from '../../protocol/index.ts';
import { putRequest, readReply } from '../../protocol/index.ts';
import { SeededNumbers } from '../store/testing/wide-operations.ts';

export interface MixedLoad {
  readonly port: number;
  readonly operations: number;
  /** Values have 1 to so many bytes, each order of magnitude as often as the others. */
  readonly valueBytesMax: number;
  readonly keys: number;
  readonly connections: number;
  /** How many requests a connection sends before it waits for the replies. */
  readonly batch: number;
  readonly seed: number;
  /** What `mixedPayload` made, for values as long as any that the server may hold. */
  readonly payload: Buffer;
}

export interface MixedOutcome {
  sets: number;
  hits: number;
  misses: number;
}

const REPLY_BYTES_MAX = 64 * 1024 * 1024;
/** A key's values are the bytes behind one of so many places, so that a value of another key is seen. */
const PLACES = 1009;

/** What values are cut from. */
export function mixedPayload(valueBytesMax: number): Buffer {
  const numbers = new SeededNumbers(valueBytesMax);
  const payload = Buffer.alloc(PLACES + valueBytesMax);
  for (let at = 0; at < payload.length; at++) payload[at] = numbers.below(256);
  return payload;
}

/**
 * Loads a server, half with SETs and half with GETs of keys by chance, and compares every value byte by byte.
 *
 * @throws Error if a reply is none, or a value is another one
 */
export async function loadMixed(load: MixedLoad): Promise<MixedOutcome> {
  const outcome: MixedOutcome = { sets: 0, hits: 0, misses: 0 };
  const share = Math.ceil(load.operations / load.connections);
  await Promise.all(
    Array.from({ length: load.connections }, (_, at) =>
      loadOne({ ...load, operations: share, seed: load.seed + at }, outcome),
    ),
  );
  return outcome;
}

async function loadOne(load: MixedLoad, outcome: MixedOutcome): Promise<void> {
  const { payload } = load;
  const numbers = new SeededNumbers(load.seed);
  const socket = connect({ host: '127.0.0.1', port: load.port, noDelay: true });
  const decoder = new FrameDecoder(REPLY_BYTES_MAX);
  const reply = new ReplyFrame();
  /** The keys that were asked for, in the order of the replies. */
  const asked: number[] = [];
  const check = (): void => {
    const { bytes, start, end } = decoder;
    const key = asked.shift();
    if (key === undefined || !readReply(reply, bytes, start, end)) throw new Error('this is no reply');
    if (reply.opcode !== OPCODE.GET && reply.status === STATUS.OK) outcome.sets++;
    else if (reply.opcode === OPCODE.GET && reply.status === STATUS.NOT_FOUND) outcome.misses++;
    else if (reply.status === STATUS.OK && isValueOf(key, payload, bytes, reply.valueStart, end)) outcome.hits++;
    else throw new Error(`key ${key}: status ${reply.status}, ${end - reply.valueStart} bytes`);
  };
  await once(socket, 'connect');
  const writer = new FrameWriter();
  for (let left = load.operations; left > 0; left -= load.batch) {
    const done = untilAnswered(socket, decoder, asked, check);
    writer.clear();
    for (let at = 0; at < load.batch; at++) asked.push(putAny(writer, load, numbers));
    socket.write(writer.bytes.slice(0, writer.length));
    await done;
  }
  socket.destroy();
}

function untilAnswered(
  socket: ReturnType<typeof connect>,
  decoder: FrameDecoder,
  asked: readonly number[],
  check: () => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown): void => {
      socket.removeAllListeners();
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error('the server has closed the connection'));
    };
    socket.on('error', settle).on('close', settle);
    socket.on('data', (chunk: Uint8Array) => {
      try {
        decoder.push(chunk);
        while (decoder.next() === 'frame') check();
      } catch (error) {
        return settle(error);
      }
      if (asked.length === 0) settle();
    });
  });
}

/** Writes a request, and returns the number of its key. */
function putAny(writer: FrameWriter, load: MixedLoad, numbers: SeededNumbers): number {
  const request = new RequestFrame();
  const key = numbers.below(load.keys);
  request.keyBytes = Buffer.from(`mixed:${key}`);
  request.keyEnd = request.keyBytes.length;
  request.opcode = numbers.below(2) === 0 ? OPCODE.GET : OPCODE.SET;
  if (request.opcode === OPCODE.SET) {
    const sizeBytes = Math.floor(load.valueBytesMax ** (numbers.below(2 ** 30) / 2 ** 30));
    request.valueBytes = load.payload;
    request.valueStart = key % PLACES;
    request.valueEnd = request.valueStart + sizeBytes;
  }
  putRequest(writer, request);
  return key;
}

function isValueOf(key: number, payload: Buffer, bytes: Uint8Array, start: number, end: number): boolean {
  const at = key % PLACES;
  return payload.compare(bytes, start, end, at, at + end - start) === 0;
}
