/** Mutants of sections 2 and 3: lengths, heads, flags, fields and statuses. */
import {
  FLAG,
  HEADER_BYTES,
  OPCODE,
  OPERATIONS,
  REPLY_BIT,
  STATUS,
  flagBits,
  operationForm,
  operationName,
} from '../../protocol/index.ts';
import {
  editEntries,
  editReply,
  editRequest,
  envelopeOf,
  frameOf,
  isJson,
  keyIn,
  requestOf,
  setKey,
} from '../subjects/bodies.ts';
import { blank, find, OK, valued } from '../subjects/stores.ts';
import type { Mutant } from '../subjects/subject.ts';
import { isOperation } from '../subjects/wire.ts';
import { answers, replies, requests, statuses } from '../subjects/wires.ts';

const isError = (status: number): boolean => status >= STATUS.BAD_REQUEST;

/** A frame with another length before its body. */
function lengthed(body: Buffer, length: number): Buffer {
  const frame = frameOf(body);
  frame.writeUInt32BE(length);
  return frame;
}

const lengths: readonly Mutant[] = [
  {
    name: 'little-endian-length',
    clause: 'FRAME-1',
    about: 'Lengths are read and written with their lowest byte first.',
    wire: () => ({
      input: (chunk) => Buffer.concat([chunk.subarray(0, 4).toReversed(), chunk.subarray(4)]),
      frame: (body) => {
        const frame = frameOf(body);
        frame.writeUInt32LE(body.length);
        return frame;
      },
    }),
  },
  {
    name: 'length-counts-itself',
    clause: 'FRAME-1',
    about: 'The length of a reply is four too high.',
    hangs: true,
    wire: () => ({ frame: (body) => lengthed(body, body.length + 4) }),
  },
  {
    name: 'length-without-the-head',
    clause: 'FRAME-1',
    about: 'The length of a binary reply counts what follows its head.',
    hangs: true,
    wire: () => ({ frame: (body) => lengthed(body, isJson(body) ? body.length : body.length - HEADER_BYTES) }),
  },
  {
    name: 'length-in-characters',
    clause: 'FRAME-1',
    about: 'The length of an envelope is that of its text.',
    hangs: true,
    wire: () => ({ frame: (body) => lengthed(body, isJson(body) ? body.toString().length : body.length) }),
  },
  {
    name: 'envelopes-of-eight-bytes-or-more',
    clause: 'FRAME-2',
    about: 'A frame shorter than eight bytes is a framing error, even if it begins with a brace.',
    wire: () => ({
      input: (chunk) => {
        const isShort = chunk.length > 4 && chunk.readUInt32BE(0) < HEADER_BYTES && isJson(chunk.subarray(4));
        return isShort ? Buffer.alloc(4) : chunk;
      },
    }),
  },
  {
    name: 'a-brace-anywhere-makes-an-envelope',
    clause: 'FRAME-2',
    about: 'A binary request whose key begins with a brace is taken for JSON.',
    wire: (link) => ({
      request: (body) => {
        const request = requestOf(body);
        const isTaken = request !== undefined && isJson(keyIn(request));
        return isTaken ? link.answer(envelopeOf({ status_code: STATUS.BAD_REQUEST })) : body;
      },
    }),
  },
  {
    name: 'short-frames-get-400',
    clause: 'FRAME-3',
    about: 'A binary frame shorter than its head is answered, and the connection goes on.',
    hangs: true,
    wire: () => ({
      input: (chunk) => {
        const length = chunk.length > 4 ? chunk.readUInt32BE(0) : 0;
        const isShort = length > 0 && length < HEADER_BYTES && !isJson(chunk.subarray(4));
        return isShort ? frameOf(Buffer.alloc(HEADER_BYTES)) : chunk;
      },
      reply: (body) =>
        editReply(body, (reply) => void (reply.status = reply.opcode === 0 ? STATUS.BAD_REQUEST : reply.status)),
    }),
  },
  {
    name: 'length-of-zero-is-skipped',
    clause: 'FRAME-3',
    about: 'Empty frames are passed over.',
    hangs: true,
    wire: () => ({
      input: (chunk) => (chunk.length >= 4 && chunk.readUInt32BE(0) === 0 ? chunk.subarray(4) : chunk),
    }),
  },
  {
    name: 'waits-for-frames-above-max-frame',
    clause: 'FRAME-4',
    about: 'A frame that is too long is refused once it has come.',
    hangs: true,
    wire: ({ host }) => {
      let wanted = 0;
      return {
        input: (chunk) => {
          const length = chunk.length >= 4 ? chunk.readUInt32BE(0) : 0;
          if (wanted === 0 && length > host.frameBytesMax && length < 2 ** 31) wanted = 4 + length;
          if (wanted === 0) return chunk;
          wanted -= chunk.length;
          return Buffer.alloc(0);
        },
      };
    },
  },
  {
    name: 'pages-above-max-frame',
    clause: 'FRAME-12',
    about: 'A listing comes in one frame, however long.',
    options: { maxFrameBytes: 1 << 20 },
    wire: () => ({
      reply: (body, request) =>
        isOperation(request, 'HELLO') ? editEntries(body, (all) => all.set('max-frame', `${16 << 10}`)) : body,
    }),
  },
];

const heads: readonly Mutant[] = [
  {
    name: 'ids-are-not-echoed',
    clause: 'FRAME-5',
    about: 'Replies are numbered by the server.',
    wire: () => {
      let id = 0;
      return { reply: (body) => editReply(body, (reply) => void (reply.id = id++)) };
    },
  },
  {
    name: 'ids-are-signed',
    clause: 'FRAME-5',
    about: 'Ids above 2^31 − 1 come back without their highest bit.',
    wire: replies((reply) => void (reply.id &= 0x7fffffff)),
  },
  {
    name: 'errors-without-the-high-bit',
    clause: 'FRAME-5',
    about: 'An error carries the opcode of its request as it was.',
    wire: () => ({
      reply: (body) => {
        if (isJson(body) || !isError(body.readUInt16BE(2))) return body;
        const other = Buffer.from(body);
        other[0]! &= ~REPLY_BIT;
        return other;
      },
    }),
  },
  {
    name: 'fields-highest-bit-first',
    clause: 'FRAME-6',
    about: 'VERSION and TTL, where a reply has both, are written the other way round.',
    wire: replies((reply) => {
      if ((reply.flags & (FLAG.TTL | FLAG.VERSION)) !== (FLAG.TTL | FLAG.VERSION)) return;
      [reply.ttlMs, reply.version] = [reply.version, reply.ttlMs];
    }),
  },
  {
    name: 'number-with-every-reply',
    clause: 'FRAME-6',
    about: 'Every success carries NUMBER, asked for or not.',
    wire: replies((reply) => void (reply.flags |= isError(reply.status) ? 0 : FLAG.NUMBER)),
  },
  {
    name: 'keys-are-cut-at-the-frame',
    clause: 'FRAME-7',
    about: 'A key that does not fit in its frame ends where the frame does.',
    wire: () => ({
      request: (body) => {
        if (isJson(body) || requestOf(body) !== undefined) return body;
        const other = Buffer.from(body);
        other.writeUInt16BE(Math.min(body.readUInt16BE(2), body.length - HEADER_BYTES), 2);
        return other;
      },
    }),
  },
  {
    name: 'unknown-opcodes-get-400',
    clause: 'FRAME-8',
    about: 'An unknown opcode is called malformed.',
    wire: statuses((status) => (status === STATUS.UNKNOWN_OPCODE ? STATUS.BAD_REQUEST : status)),
  },
  {
    name: 'unknown-opcodes-are-not-answered',
    clause: 'FRAME-8',
    about: 'Requests with an unknown opcode are passed over.',
    hangs: true,
    wire: () => ({ request: (body) => (!isJson(body) && operationName(body[0]!) === undefined ? undefined : body) }),
  },
];

/** The flags that a request may carry; all of them for an opcode that is unknown anyway. */
function takenFlags(opcode: number, flags: number): number {
  const name = operationName(opcode);
  const form = name && operationForm(name, (flags & FLAG.PREFIX) !== 0);
  return form === undefined ? flags : flagBits(form.flags);
}

const parts: readonly Mutant[] = [
  {
    name: 'unknown-flags-are-ignored',
    clause: 'FRAME-9',
    about: 'A flag that the opcode does not take is passed over with its field.',
    wire: requests((request) => void (request.flags &= takenFlags(request.opcode, request.flags))),
  },
  {
    name: 'values-nobody-asked-for-are-ignored',
    clause: 'FRAME-9',
    about: 'A value where the opcode takes none is passed over.',
    wire: requests((request) => {
      const name = operationName(request.opcode);
      if (name !== undefined && OPERATIONS[name].single.value === 'none' && name !== 'GET') {
        request.valueEnd = request.valueStart;
      }
    }),
  },
  {
    name: 'a-missing-key-is-an-empty-one',
    clause: 'KEY-1',
    about: 'Requests without a key are carried out on a key of the server’s own.',
    wire: requests((request) => {
      const name = operationName(request.opcode);
      const form = name && operationForm(name, (request.flags & FLAG.PREFIX) !== 0);
      if (form?.key === 'required' && request.keyStart === request.keyEnd) setKey(request, Buffer.from([0]));
    }),
  },
  {
    name: 'quiet-silences-errors',
    clause: 'FRAME-10',
    about: 'A QUIET request is never answered but by a GET that found something.',
    wire: () => ({
      reply: (body, request) => {
        const isQuiet = request !== undefined && !isJson(request) && (request[1]! & FLAG.QUIET) !== 0;
        return isQuiet && !isJson(body) && isError(body.readUInt16BE(2)) ? [] : body;
      },
    }),
    hangs: true,
  },
  {
    name: 'quiet-is-ignored',
    clause: 'FRAME-10',
    about: 'QUIET requests are answered like all others.',
    wire: () => ({
      request: (body) =>
        editRequest(body, (request) => {
          if ((takenFlags(request.opcode, request.flags) & FLAG.QUIET) !== 0) request.flags &= ~FLAG.QUIET;
        }),
    }),
  },
  {
    name: 'quiet-misses-are-answered',
    clause: 'FRAME-10',
    about: 'A QUIET GET that finds nothing gets its 404.',
    wire: requests((request) => {
      const isGet = request.opcode === OPCODE.GET && (takenFlags(OPCODE.GET, request.flags) & FLAG.QUIET) !== 0;
      if (isGet) request.flags &= ~FLAG.QUIET;
    }),
  },
  {
    name: 'errors-carry-fields',
    clause: 'FRAME-11',
    about: 'Errors carry a VERSION of 1.',
    wire: replies((reply) => {
      if (!isError(reply.status)) return;
      reply.flags = FLAG.VERSION;
      reply.version = 1;
    }),
  },
  {
    name: 'explanations-in-latin-1',
    clause: 'FRAME-11',
    about: 'The explanation of an error is no UTF-8.',
    wire: replies((reply) => {
      if (isError(reply.status)) reply.setValue(Buffer.from('ung\xfcltig', 'latin1'));
    }),
  },
];

const meanings: readonly Mutant[] = [
  {
    name: '201-for-200',
    clause: 'STATUS-1',
    about: 'What was created is 201.',
    wire: () => ({
      reply: (body, request) =>
        isOperation(request, 'SET') || isOperation(request, 'ADD')
          ? editReply(body, (reply) => void (reply.status = reply.status === OK ? 201 : reply.status))
          : body,
    }),
  },
  {
    name: '404-to-everything',
    clause: 'STATUS-1',
    about: 'Every request gets 404.',
    wire: answers(() => STATUS.NOT_FOUND),
  },
  {
    name: '200-to-everything',
    clause: 'STATUS-1',
    about: 'Every request gets 200 and nothing else.',
    wire: answers(() => OK),
  },
  {
    name: '500-for-a-miss',
    clause: 'STATUS-1',
    about: 'What is not there is a defect of the server.',
    wire: statuses((status) => (status === STATUS.NOT_FOUND ? STATUS.INTERNAL : status)),
  },
  {
    name: 'a-conflict-with-nothing',
    clause: 'STATUS-2',
    about: 'VERSION for an item that is not there is a conflict.',
    wire: replies((reply, request) => {
      const hasVersion = request !== undefined && (request.flags & FLAG.VERSION) !== 0;
      if (hasVersion && reply.status === STATUS.NOT_FOUND) reply.status = STATUS.CONFLICT;
    }),
  },
  {
    name: 'set-half-applied-on-error',
    clause: 'STATUS-3',
    about: 'A SET with the wrong VERSION gets 409, and its value is there.',
    store: (base) => ({
      set: (request, reply) => {
        base.set(request, reply);
        const old = find(base, request);
        if (reply.status !== STATUS.CONFLICT || old === undefined) return;
        const flags = FLAG.TAG | FLAG.TTL;
        base.set(
          valued(request, request.valueBytes.slice(request.valueStart, request.valueEnd), { ...old, flags }),
          blank(),
        );
      },
    }),
  },
  {
    name: 'touched-by-a-refused-increment',
    clause: 'STATUS-3',
    about: 'An INCREMENT of what is no number gets 422, and empties the value.',
    store: (base) => ({
      increment: (request, reply) => {
        base.increment(request, reply);
        const old = find(base, request);
        if (reply.status !== STATUS.NOT_A_NUMBER || old === undefined) return;
        base.set(valued(request, Buffer.alloc(0), { ...old, flags: FLAG.TAG | FLAG.TTL }), blank());
      },
    }),
  },
];

export const frameMutants: readonly Mutant[] = [...lengths, ...heads, ...parts, ...meanings];
