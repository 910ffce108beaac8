import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type * as vectors from './testing/vectors.ts';
import { exampleConnections, fromHex, jsonRequestVectors, toHex } from './testing/vectors.ts';

const FOLDER = join(import.meta.dirname, 'vectors');

const name = z.string().min(1);
const hex = z.string().regex(/^(?:[0-9a-f]{2})*$/);
const u8 = z.number().int().min(0).max(255);
const u32 = z.number().int().min(0).max(0xffff_ffff);
const decimal = z.string().regex(/^(?:0|-?[1-9]\d*)$/);
const flags = z.array(z.enum(['TTL', 'VERSION', 'TAG', 'NUMBER', 'TOKEN', 'DETAIL', 'PREFIX', 'QUIET']));
const fields = z
  .strictObject({ ttlMs: decimal, version: decimal, tag: decimal, number: decimal, token: decimal })
  .partial();
const status = z.number().int().min(200).max(599);
const statuses = z.array(status).min(1);
const clause = z.string().regex(/^[A-Z]+-\d+$/);

const requestVector = z.strictObject({
  name,
  hex,
  operation: z.string().regex(/^[A-Z]+$/),
  opcode: u8,
  flags,
  id: u32,
  fields,
  key: hex,
  value: hex,
}) satisfies z.ZodType<vectors.RequestVector>;
const replyVector = z.strictObject({
  name,
  hex,
  opcode: u8,
  status,
  flags,
  id: u32,
  fields,
  value: hex,
}) satisfies z.ZodType<vectors.ReplyVector>;
const errorVector = z.strictObject({
  name,
  hex,
  opcode: u8,
  id: u32,
  clause,
  statuses,
}) satisfies z.ZodType<vectors.ErrorVector>;
const streamVector = z.strictObject({
  name,
  hex,
  frameBytesMax: u32,
  frames: z.array(hex),
  outcome: z.enum(['end', 'unfinished', 'invalid']),
  status: status.optional(),
}) satisfies z.ZodType<vectors.StreamVector>;
const bytesVector = z.strictObject({ name, hex }) satisfies z.ZodType<vectors.Vector>;
const entriesVector = z.strictObject({
  name,
  hex,
  entries: z.array(z.strictObject({ key: hex, value: hex })),
}) satisfies z.ZodType<vectors.EntriesVector>;
const jsonRequestVector = z.strictObject({
  name,
  hex,
  text: z.string().optional(),
  command: z.enum(['SET', 'GET', 'DEL', 'RST']),
  key: hex,
  value: hex,
  tag: u32,
}) satisfies z.ZodType<vectors.JsonRequestVector>;
const jsonErrorVector = z.strictObject({
  name,
  hex,
  text: z.string().optional(),
  statuses,
}) satisfies z.ZodType<vectors.JsonErrorVector>;
const jsonReplyVector = z.strictObject({
  name,
  stored: hex,
  tag: u32,
  value: z.string(),
}) satisfies z.ZodType<vectors.JsonReplyVector>;
const jsonReplyErrorVector = z.strictObject({
  name,
  stored: hex,
  tag: u32,
  statuses,
}) satisfies z.ZodType<vectors.JsonReplyErrorVector>;
const exampleStep = z.strictObject({
  name,
  request: hex,
  replyName: name,
  reply: hex,
  closes: z.boolean(),
}) satisfies z.ZodType<vectors.ExampleStep>;

/** A list without names twice: a name is what a failure is told by. */
const list = <Item extends z.ZodType<{ name: string }>>(item: Item) =>
  z
    .array(item)
    .min(1)
    .refine((items) => new Set(items.map((each) => each.name)).size === items.length, 'a name occurs twice');
const file = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject({ description: z.string().min(1), ...shape });

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  'entries.json': file({ vectors: list(entriesVector), cut: list(bytesVector) }),
  'json-replies.json': file({ vectors: list(jsonReplyVector), refused: list(jsonReplyErrorVector) }),
  'json-requests.json': file({ vectors: list(jsonRequestVector), invalid: list(jsonErrorVector) }),
  'malformed-replies.json': file({ vectors: list(bytesVector) }),
  'malformed-requests.json': file({ vectors: list(errorVector) }),
  'refused-requests.json': file({ vectors: list(errorVector) }),
  'replies.json': file({ vectors: list(replyVector) }),
  'requests.json': file({ vectors: list(requestVector) }),
  'streams.json': file({ vectors: list(streamVector) }),
  'worked-examples.json': file({
    connections: z.array(z.strictObject({ steps: list(exampleStep) })).min(1),
  }),
};

const files = readdirSync(FOLDER).filter((each) => each.endsWith('.json'));

describe('vectors', () => {
  test('every file has a schema, and every schema a file', () => {
    expect(files.toSorted()).toEqual(Object.keys(SCHEMAS).toSorted());
  });

  test.each(files)('%s has its shape', (each) => {
    const parsed: unknown = JSON.parse(readFileSync(join(FOLDER, each), 'utf8'));
    const result = SCHEMAS[each]!.safeParse(parsed);
    expect(result.success ? '' : z.prettifyError(result.error)).toBe('');
  });

  test.each(files)('the README names %s', (each) => {
    expect(readFileSync(join(FOLDER, 'README.md'), 'utf8')).toContain(`\`${each}\``);
  });

  test("an envelope's text is its bytes", () => {
    const withText = jsonRequestVectors.filter(({ text }) => text !== undefined);
    expect(withText.length).toBeGreaterThan(40);
    for (const { hex, text } of withText) {
      expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(fromHex(hex).subarray(4))).toBe(text);
    }
  });
});

/** The frames of a code block of section 10, in order: the bytes behind two spaces or more, and what stands before. */
function framesOf(block: string): string[] {
  return [...block.matchAll(/^ {4}.* {2,}([0-9a-f]{8}(?: [0-9a-f]+)*)$/gm)].map(([, bytes]) =>
    bytes!.replaceAll(' ', ''),
  );
}

describe('section 10', () => {
  const contract = readFileSync(join(import.meta.dirname, 'PROTOCOL.md'), 'utf8');
  const [first, second] = contract.split('## 10. Worked examples')[1]!.split('And on another connection');

  test.each([
    ['the first connection', first!, 0, 20],
    ['the second connection', second!, 1, 2],
  ])('has the frames of the vectors: %s', (_which, block, index, count) => {
    const frames = framesOf(block);
    expect(frames).toHaveLength(count);
    expect(exampleConnections[index]!.steps.flatMap(({ request, reply }) => [request, reply])).toEqual(frames);
  });

  test('has lengths that count what follows', () => {
    const frames = framesOf(contract.split('## 10. Worked examples')[1]!);
    for (const frame of frames) expect(Number.parseInt(frame.slice(0, 8), 16)).toBe(frame.length / 2 - 4);
  });

  test('shows envelopes whose bytes are the text beside them', () => {
    const { name, request, replyName, reply } = exampleConnections[1]!.steps[0]!;
    expect(request.slice(8)).toBe(toHex(new TextEncoder().encode(name)));
    expect(reply.slice(8)).toBe(toHex(new TextEncoder().encode(replyName)));
  });
});
