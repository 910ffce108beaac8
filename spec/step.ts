/**
 * The language of a case's steps. Steps are plain data, so that they can be exported and run by an interpreter in
 * another language; unknown members are refused. What stands in a step and cannot be known beforehand is a reference:
 * to the case's own keys, to a limit that HELLO gave, to something that an earlier reply carried.
 */
import * as z from 'zod';
import { FLAGS, type FlagName } from '../protocol/flags.ts';
import { OPERATION_NAMES, type OperationName } from '../protocol/operations.ts';
import { limitName, type LimitName } from './condition.ts';

const hex = z.string().regex(/^(?:\s*[0-9a-fA-F]{2})*\s*$/);
const decimal = z.union([z.int(), z.string().regex(/^-?[0-9]+$/)]);

/** A key within the case's own key space; only `raw` is without the case's prefix. */
const keySchema = z
  .union([
    z.string(),
    z.strictObject({ hex }),
    /** Bytes that stand before the case's prefix, for cases on a key's first byte. */
    z.strictObject({ lead: hex, hex: hex.optional() }),
    /** A key of exactly so many bytes. */
    z.strictObject({ length: z.int().positive() }),
    z.strictObject({ limit: limitName, plus: z.int() }),
    z.strictObject({ raw: hex }),
  ])
  .meta({ id: 'Key' });
export type Key = z.infer<typeof keySchema>;

export type Bytes =
  | string
  | { readonly hex: string }
  | { readonly fill: number; readonly byte?: string | undefined }
  | { readonly limit: LimitName; readonly plus: number; readonly byte?: string | undefined }
  | { readonly key: Key }
  | { readonly concat: readonly Bytes[] };

const bytesSchema: z.ZodType<Bytes> = z
  .union([
    z.string(),
    z.strictObject({ hex }),
    z.strictObject({ fill: z.int().nonnegative(), byte: hex.optional() }),
    z.strictObject({ limit: limitName, plus: z.int(), byte: hex.optional() }),
    z.strictObject({ key: keySchema }),
    z.strictObject({ concat: z.array(z.lazy(() => bytesSchema)) }),
  ])
  .meta({ id: 'Bytes' });

const numeric = z
  .union([decimal, z.strictObject({ ref: z.string(), plus: z.int().optional() })])
  .meta({ id: 'Numeric' });
export type Numeric = z.infer<typeof numeric>;

const opName = z.enum(OPERATION_NAMES as [OperationName, ...OperationName[]]);
const flagName = z.enum(Object.keys(FLAGS) as [FlagName, ...FlagName[]]);

const requestSchema = z
  .strictObject({
    op: z.union([opName, z.int().min(0).max(255)]),
    key: keySchema.optional(),
    value: bytesSchema.optional(),
    ttl: numeric.optional(),
    version: numeric.optional(),
    tag: numeric.optional(),
    number: numeric.optional(),
    token: numeric.optional(),
    /** Flags without a field, or ones whose field is left out on purpose. */
    flags: z.array(flagName).readonly().optional(),
    id: z.int().min(0).max(0xffff_ffff).optional(),
    keyLength: z.int().min(0).max(0xffff).optional(),
    length: z.int().min(0).max(0xffff_ffff).optional(),
  })
  .meta({ id: 'Request' });
export type Request = z.infer<typeof requestSchema>;

export type Piece =
  | Request
  /** A JSON envelope's text; `{{a}}` in it stands for the case's key `a`, `{{3*ab}}` for `ababab`. */
  | { readonly json: string }
  /** Any bytes as the body of one frame. */
  | { readonly body: Bytes }
  /** Bytes of the stream as they are. */
  | { readonly hex: string }
  /** A length field alone, counted from a limit. */
  | { readonly lengthAt: LimitName; readonly plus: number }
  /** The bytes `from` to `to` of another piece, for frames that are cut. */
  | { readonly part: Piece; readonly from?: number | undefined; readonly to?: number | undefined };

const pieceSchema: z.ZodType<Piece> = z
  .union([
    requestSchema,
    z.strictObject({ json: z.string() }),
    z.strictObject({ body: bytesSchema }),
    z.strictObject({ hex }),
    z.strictObject({ lengthAt: limitName, plus: z.int() }),
    z.strictObject({
      part: z.lazy(() => pieceSchema),
      from: z.int().nonnegative().optional(),
      to: z.int().nonnegative().optional(),
    }),
  ])
  .meta({ id: 'Piece' });

/** What a numeric field has to be. A number or `ref` means equality. */
const numericMatch = z
  .union([
    decimal,
    z.literal('any'),
    z.strictObject({ ref: z.string(), plus: z.int().optional() }),
    z.strictObject({ above: z.string() }),
    z.strictObject({ not: z.string() }),
    z.strictObject({ min: decimal, max: decimal }),
  ])
  .meta({ id: 'NumericMatch' });
export type NumericMatch = z.infer<typeof numericMatch>;

const common = {
  /** The alternative's name, recorded when it is the one observed. */
  as: z.string().optional(),
  /** An alternative that a SHOULD advises against: it passes with a warning. */
  warn: z.boolean().optional(),
};

const replyExpectation = z
  .strictObject({
    ...common,
    status: z.union([z.int(), z.array(z.int()).readonly()]),
    value: bytesSchema.optional(),
    /** The value is a JSON text that means the same as this one. */
    valueJson: z.string().optional(),
    tag: numericMatch.optional(),
    ttl: numericMatch.optional(),
    version: numericMatch.optional(),
    number: numericMatch.optional(),
    token: numericMatch.optional(),
    /** All entries in their order. */
    entries: z
      .array(z.tuple([keySchema, bytesSchema]))
      .readonly()
      .optional(),
    /** Entries that must be among those of the reply; a text in slashes is a pattern for the value. */
    includes: z.record(z.string(), z.string()).optional(),
    /** Keeps fields of the reply under a name, for references. */
    save: z.record(z.string(), z.enum(['ttl', 'version', 'number', 'token', 'tag'])).optional(),
  })
  .meta({ id: 'ReplyExpectation' });
export type ReplyExpectation = z.infer<typeof replyExpectation>;

const jsonExpectation = z
  .strictObject({
    ...common,
    json: z.int(),
    value: z.string().optional(),
    /** Whether numbers must keep their very text (JSON-7); otherwise they are compared as doubles. */
    exact: z.boolean().optional(),
  })
  .meta({ id: 'JsonExpectation' });
export type JsonExpectation = z.infer<typeof jsonExpectation>;

const closedExpectation = z.strictObject({ ...common, closed: z.literal(true) }).meta({ id: 'ClosedExpectation' });

const oneExpectation = z.union([replyExpectation, jsonExpectation, closedExpectation]);
export type OneExpectation = z.infer<typeof oneExpectation>;

const expectationSchema = z
  .union([oneExpectation, z.strictObject({ anyOf: z.array(oneExpectation).readonly() })])
  .meta({ id: 'Expectation' });
export type Expectation = z.infer<typeof expectationSchema>;

const on = z.string().optional();

export const stepSchema = z
  .union([
    /** Opens a connection; one that a step names is otherwise opened when it is first used. */
    z.strictObject({ open: z.string(), authenticate: z.boolean().optional() }),
    /** Sends one piece and takes one reply. */
    z.strictObject({ ask: pieceSchema, expect: expectationSchema, on }),
    /** Sends pieces in one write, or cut into segments of the given sizes. */
    z.strictObject({
      send: z.array(pieceSchema).readonly(),
      segments: z.array(z.int().positive()).readonly().optional(),
      on,
    }),
    z.strictObject({ recv: expectationSchema, on }),
    z.strictObject({ close: z.string() }),
    z.strictObject({ halfClose: z.string() }),
    z.strictObject({ reset: z.string() }),
    /** A barrier: a PING whose reply must be the next thing that comes. */
    z.strictObject({ probe: z.string() }),
    /** Asks again and again until the reply is the expected one. */
    z.strictObject({ until: pieceSchema, expect: expectationSchema, on }),
    /** A listing, followed from page to page as LIST-3 says, must have these entries in all. */
    z.strictObject({ listing: requestSchema, entries: z.array(z.tuple([keySchema, bytesSchema])).readonly(), on }),
    z.strictObject({ waitMs: z.int().positive() }),
  ])
  .meta({ id: 'Step' });
export type Step = z.infer<typeof stepSchema>;

/** Checks steps strictly. Throws zod's error, which names the member. */
export function checkSteps(steps: readonly Step[]): void {
  z.array(stepSchema).parse(steps);
}

const isRequest = (piece: Piece): piece is Request => 'op' in piece;

/** The binary requests in a step, each with the statuses that are expected, for checks on the cases themselves. */
export function requestsOf(step: Step): { request: Request; statuses: readonly number[] }[] {
  const pieces = 'ask' in step ? [step.ask] : 'until' in step ? [step.until] : [];
  const expectation = 'ask' in step || 'until' in step ? step.expect : undefined;
  const all = expectation === undefined ? [] : 'anyOf' in expectation ? expectation.anyOf : [expectation];
  const statuses = all.flatMap((each) => ('status' in each ? each.status : []));
  return pieces.filter(isRequest).map((request) => ({ request, statuses }));
}
