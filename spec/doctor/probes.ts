/** The bytes that the doctor sends, each on a connection of its own. */
import { OPCODE } from '../../protocol/operations.ts';
import { utf8 } from '../wire/bytes.ts';
import { buildFrame, buildRequest } from '../wire/request.ts';

/** Every byte is another, so that a wrong order of bytes shows. */
export const PING_ID = 0x01020304;
export const PING_VALUE = utf8('speicher');

const HEAD_BYTES = 8;

function pingWith(length: number): Buffer {
  return buildRequest({ opcode: OPCODE.PING, id: PING_ID, value: PING_VALUE, length });
}

function littleEndianPing(): Buffer {
  const bytes = pingWith(0);
  bytes.writeUInt32LE(bytes.length - 4, 0);
  return bytes;
}

const JSON_GET = '{"command":"GET","key":"speicher doctor"}';

/** What a server of the protocol answers. */
export const OWN_PROBES = {
  ping: buildRequest({ opcode: OPCODE.PING, id: PING_ID, value: PING_VALUE }),
  hello: buildRequest({ opcode: OPCODE.HELLO, id: PING_ID }),
  json: buildFrame(utf8(JSON_GET)),
} as const;

/** What servers that are mistaken, or quite different ones, answer. */
export const OTHER_PROBES = {
  nothing: Buffer.alloc(0),
  littleEndian: littleEndianPing(),
  countsItself: pingWith(HEAD_BYTES + PING_VALUE.length + 4),
  countsNoHead: pingWith(PING_VALUE.length),
  jsonLine: utf8(`${JSON_GET}\n`),
  http: utf8('GET / HTTP/1.0\r\n\r\n'),
  memcached: utf8('version\r\n'),
  redis: utf8('PING\r\n'),
} as const;

export type ProbeName = keyof typeof OWN_PROBES | keyof typeof OTHER_PROBES;
