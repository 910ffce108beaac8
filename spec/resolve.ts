/** From a step's data to bytes: the case's key space, its limits and what it saved stand in for the references. */
import { flagBits } from '../protocol/flags.ts';
import { OPCODE } from '../protocol/operations.ts';
import { limitBytes, type LimitName } from './condition.ts';
import type { TargetFacts } from './target/facts.ts';
import type { Bytes, Key, Numeric, Piece, Request } from './step.ts';
import { fromHex, utf8 } from './wire/bytes.ts';
import { buildFrame, buildRequest, lengthField } from './wire/request.ts';

const DEFAULT_FILL = 0x76;
const KEY_FILL = 0x6b;

/** A text to repeat may end with braces: the last two of them in a row close the reference. */
const REFERENCE = /\{\{(?:([0-9]+)\*(.+?)\}\}(?!\})|([A-Za-z0-9_-]*)\}\})/gs;

export class Resolver {
  /** What earlier replies carried, by the name under which it was saved. */
  readonly saved = new Map<string, bigint>();
  /** Every key that was built, in hex, so that they can be removed afterwards. */
  readonly keysUsed = new Set<string>();
  readonly prefix: Buffer;
  readonly #facts: TargetFacts;
  #id: number;

  /**
   * @param prefix ASCII that JSON need not escape, as long for one case as for another: so none is a prefix of another.
   * @param firstId the id of the first request; they go on from there and wrap around.
   */
  constructor(prefix: string, facts: TargetFacts, firstId: number) {
    this.prefix = utf8(prefix);
    this.#facts = facts;
    this.#id = firstId >>> 0;
  }

  nextId(): number {
    const id = this.#id;
    this.#id = (this.#id + 1) >>> 0;
    return id;
  }

  limit(name: LimitName): number {
    return limitBytes(this.#facts, name);
  }

  key(key: Key): Buffer {
    const bytes = this.#key(key);
    this.keysUsed.add(bytes.toString('hex'));
    return bytes;
  }

  #key(key: Key): Buffer {
    if (typeof key === 'string') return Buffer.concat([this.prefix, utf8(key)]);
    if ('raw' in key) return fromHex(key.raw);
    if ('lead' in key) return Buffer.concat([fromHex(key.lead), this.prefix, fromHex(key.hex ?? '')]);
    if ('hex' in key) return Buffer.concat([this.prefix, fromHex(key.hex)]);
    const length = 'length' in key ? key.length : this.limit(key.limit) + key.plus;
    return Buffer.concat([this.prefix, Buffer.alloc(length, KEY_FILL)]).subarray(0, length);
  }

  bytes(bytes: Bytes): Buffer {
    if (typeof bytes === 'string') return utf8(bytes);
    if ('hex' in bytes) return fromHex(bytes.hex);
    if ('key' in bytes) return this.key(bytes.key);
    if ('concat' in bytes) return Buffer.concat(bytes.concat.map((each) => this.bytes(each)));
    const fill = bytes.byte === undefined ? DEFAULT_FILL : (fromHex(bytes.byte)[0] ?? DEFAULT_FILL);
    return Buffer.alloc('fill' in bytes ? bytes.fill : this.limit(bytes.limit) + bytes.plus, fill);
  }

  /** A JSON text in which `{{a}}` stands for the case's key `a`, and `{{3*ab}}` for `ababab`. */
  text(template: string): string {
    return template.replace(REFERENCE, (_, times: string | undefined, text = '', name = '') =>
      times === undefined ? this.key(name).toString('latin1') : text.repeat(Number(times)),
    );
  }

  number(numeric: Numeric): bigint {
    if (typeof numeric !== 'object') return BigInt(numeric);
    const saved = this.saved.get(numeric.ref);
    if (saved === undefined) throw new TypeError(`nothing was saved as ${numeric.ref}`);
    return saved + BigInt(numeric.plus ?? 0);
  }

  piece(piece: Piece): Buffer {
    if ('json' in piece) return buildFrame(utf8(this.text(piece.json)));
    if ('body' in piece) return buildFrame(this.bytes(piece.body));
    if ('hex' in piece) return fromHex(piece.hex);
    if ('lengthAt' in piece) return lengthField(this.limit(piece.lengthAt) + piece.plus);
    if ('part' in piece) return this.piece(piece.part).subarray(piece.from ?? 0, piece.to);
    return this.#request(piece);
  }

  #request(request: Request): Buffer {
    const numeric = (value: Numeric | undefined): bigint | undefined =>
      value === undefined ? undefined : this.number(value);
    return buildRequest({
      opcode: typeof request.op === 'number' ? request.op : OPCODE[request.op],
      id: request.id ?? this.nextId(),
      flagBits: flagBits(request.flags ?? []),
      ttl: numeric(request.ttl),
      version: numeric(request.version),
      tag: request.tag === undefined ? undefined : Number(this.number(request.tag)),
      number: numeric(request.number),
      token: numeric(request.token),
      key: request.key === undefined ? undefined : this.key(request.key),
      value: request.value === undefined ? undefined : this.bytes(request.value),
      keyLength: request.keyLength,
      length: request.length,
    });
  }
}
