/**
 * The vectors as the tests use them. Their shapes are checked by vectors.test.ts, their meaning is in
 * vectors/README.md.
 */
import { Buffer } from 'node:buffer';
import entriesFile from '../vectors/entries.json' with { type: 'json' };
import jsonRepliesFile from '../vectors/json-replies.json' with { type: 'json' };
import jsonRequestsFile from '../vectors/json-requests.json' with { type: 'json' };
import malformedRepliesFile from '../vectors/malformed-replies.json' with { type: 'json' };
import malformedRequestsFile from '../vectors/malformed-requests.json' with { type: 'json' };
import refusedRequestsFile from '../vectors/refused-requests.json' with { type: 'json' };
import repliesFile from '../vectors/replies.json' with { type: 'json' };
import requestsFile from '../vectors/requests.json' with { type: 'json' };
import streamsFile from '../vectors/streams.json' with { type: 'json' };
import workedExamplesFile from '../vectors/worked-examples.json' with { type: 'json' };

/** Numbers of fields that are there, in decimal. */
export interface VectorFields {
  readonly ttlMs?: string | undefined;
  readonly version?: string | undefined;
  readonly tag?: string | undefined;
  readonly number?: string | undefined;
  readonly token?: string | undefined;
}

/** A name to speak of it, and bytes in hex. */
export interface Vector {
  readonly name: string;
  readonly hex: string;
}

export interface RequestVector extends Vector {
  readonly operation: string;
  readonly opcode: number;
  readonly flags: readonly string[];
  readonly id: number;
  readonly fields: VectorFields;
  readonly key: string;
  readonly value: string;
}

export interface ReplyVector extends Vector {
  readonly opcode: number;
  readonly status: number;
  readonly flags: readonly string[];
  readonly id: number;
  readonly fields: VectorFields;
  readonly value: string;
}

/** A request that gets one of `statuses`. */
export interface ErrorVector extends Vector {
  readonly opcode: number;
  readonly id: number;
  readonly clause: string;
  readonly statuses: readonly number[];
}

export interface StreamVector extends Vector {
  readonly frameBytesMax: number;
  readonly frames: readonly string[];
  readonly outcome: string;
  readonly status?: number | undefined;
}

export interface EntriesVector extends Vector {
  readonly entries: readonly { readonly key: string; readonly value: string }[];
}

export interface JsonRequestVector extends Vector {
  readonly text?: string | undefined;
  readonly command: string;
  readonly key: string;
  readonly value: string;
  readonly tag: number;
}

export interface JsonErrorVector extends Vector {
  readonly text?: string | undefined;
  readonly statuses: readonly number[];
}

export interface JsonReplyVector {
  readonly name: string;
  readonly stored: string;
  readonly tag: number;
  readonly value: string;
}

export interface JsonReplyErrorVector {
  readonly name: string;
  readonly stored: string;
  readonly tag: number;
  readonly statuses: readonly number[];
}

export interface ExampleStep {
  readonly name: string;
  readonly request: string;
  readonly replyName: string;
  readonly reply: string;
  readonly closes: boolean;
}

export const requestVectors: readonly RequestVector[] = requestsFile.vectors;
export const refusedRequestVectors: readonly ErrorVector[] = refusedRequestsFile.vectors;
export const malformedRequestVectors: readonly ErrorVector[] = malformedRequestsFile.vectors;
export const streamVectors: readonly StreamVector[] = streamsFile.vectors;
export const replyVectors: readonly ReplyVector[] = repliesFile.vectors;
export const malformedReplyVectors: readonly Vector[] = malformedRepliesFile.vectors;
export const entriesVectors: readonly EntriesVector[] = entriesFile.vectors;
export const cutEntriesVectors: readonly Vector[] = entriesFile.cut;
export const jsonRequestVectors: readonly JsonRequestVector[] = jsonRequestsFile.vectors;
export const invalidJsonRequestVectors: readonly JsonErrorVector[] = jsonRequestsFile.invalid;
export const jsonReplyVectors: readonly JsonReplyVector[] = jsonRepliesFile.vectors;
export const refusedJsonReplyVectors: readonly JsonReplyErrorVector[] = jsonRepliesFile.refused;
export const exampleConnections: readonly { readonly steps: readonly ExampleStep[] }[] = workedExamplesFile.connections;

/** The bytes that hex digits stand for. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

/** Part of some bytes, as hex digits. */
export function toHex(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('hex');
}
