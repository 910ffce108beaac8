/** Mutants of section 4: keys and values, their bytes and their limits. */
import { FLAG, STATUS } from '../../protocol/index.ts';
import { keyIn, valueIn } from '../subjects/bodies.ts';
import { altered, blank, eachKey, find, OK, valued } from '../subjects/stores.ts';
import type { Mutant, StoreChange } from '../subjects/subject.ts';
import { claims, refuses } from '../subjects/wires.ts';

const KEEPS = FLAG.TTL | FLAG.TAG;

/** Changes the value of every SET. */
const storing =
  (change: (value: Buffer) => Uint8Array): StoreChange =>
  (base) => ({ set: (request, reply) => base.set(valued(request, change(valueIn(request))), reply) });

const keys: readonly Mutant[] = [
  {
    name: 'keys-end-at-00',
    clause: 'KEY-2',
    about: 'A key is a C string.',
    store: (base) =>
      eachKey(base, (key) => (key.includes(0) ? Buffer.concat([key.subarray(0, key.indexOf(0)), Buffer.of(0)]) : key)),
  },
  {
    name: 'keys-are-utf8',
    clause: 'KEY-2',
    about: 'Keys pass through a text type: what is no UTF-8 becomes U+FFFD.',
    store: (base) => eachKey(base, (key) => Buffer.from(key.toString('utf8'))),
  },
  {
    name: 'keys-are-trimmed',
    clause: 'KEY-2',
    about: 'Spaces at the ends of a key are taken off.',
    store: (base) => eachKey(base, (key) => Buffer.from(key.toString('latin1').trim(), 'latin1')),
  },
  {
    name: 'keys-of-a-plain-object',
    clause: 'KEY-2',
    about: 'Items are members of an object: __proto__ is never kept.',
    store: (base) => ({
      set: (request, reply) => {
        if (keyIn(request).toString('latin1') !== '__proto__') base.set(request, reply);
      },
    }),
  },
  {
    name: 'long-keys-are-cut',
    clause: 'KEY-3',
    about: 'What is above max-key is cut off, and the request carried out.',
    options: { maxKeyBytes: 8 << 10, maxFrameBytes: 32 << 10 },
    store: (base) => eachKey(base, (key) => key.subarray(0, 250)),
    wire: claims((entries) => entries.set('max-key', '250')),
  },
  {
    name: 'append-knows-no-limit',
    clause: 'KEY-3',
    about: 'APPEND makes values above max-value.',
    store: (base) => ({
      append: (request, reply) => {
        base.append(request, reply);
        const old = find(base, request);
        if (reply.status !== STATUS.TOO_LARGE || old === undefined) return;
        reply.clear();
        base.replace(valued(request, Buffer.concat([old.value, valueIn(request)]), { ...old, flags: KEEPS }), reply);
      },
    }),
  },
  {
    name: 'keys-of-200-bytes',
    clause: 'KEY-4',
    about: 'A key of more than 200 bytes is too large.',
    wire: refuses(STATUS.TOO_LARGE, (request) => keyIn(request).length > 200),
  },
  {
    name: 'values-of-1000-bytes',
    clause: 'KEY-4',
    about: 'A value of more than 1000 bytes is too large.',
    wire: refuses(STATUS.TOO_LARGE, (request) => valueIn(request).length > 1000),
  },
];

const values: readonly Mutant[] = [
  {
    name: 'values-end-at-00',
    clause: 'VALUE-1',
    about: 'A value is a C string.',
    store: storing((value) => (value.includes(0) ? value.subarray(0, value.indexOf(0)) : value)),
  },
  {
    name: 'values-are-utf8',
    clause: 'VALUE-1',
    about: 'Values pass through a text type: what is no UTF-8 becomes U+FFFD.',
    store: storing((value) => Buffer.from(value.toString('utf8'))),
  },
  {
    name: 'values-lose-a-byte-at-64-kib',
    clause: 'VALUE-1',
    about: 'The byte at offset 65536 of a value is lost.',
    options: { maxValueBytes: 3 << 20, maxFrameBytes: 4 << 20 },
    store: storing((value) => Buffer.concat([value.subarray(0, 1 << 16), value.subarray((1 << 16) + 1)])),
  },
  {
    name: 'line-ends-are-made-equal',
    clause: 'VALUE-1',
    about: 'CR LF becomes LF.',
    store: storing((value) =>
      Buffer.from(value.toString('latin1').replaceAll('\r\n', '\n').replaceAll('\r', '\n'), 'latin1'),
    ),
  },
  {
    name: 'an-empty-value-is-none',
    clause: 'VALUE-1',
    about: 'A SET of an empty value removes the item.',
    store: (base) => ({
      set: (request, reply) => {
        base.set(request, reply);
        if (reply.status === OK && valueIn(request).length === 0) base.delete(altered(request, { flags: 0 }), blank());
      },
    }),
  },
];

export const keyAndValueMutants: readonly Mutant[] = [...keys, ...values];
