/** The twelve wrong servers that pass the nine tests of the original client. */
import { STATUS } from '../../protocol/index.ts';
import { envelopeOf, frameOf, isJson, objectOf } from '../subjects/bodies.ts';
import { Cutter } from '../subjects/cutter.ts';
import { blank, eachKey, find, OK } from '../subjects/stores.ts';
import type { Mutant } from '../subjects/subject.ts';
import { answers, statuses } from '../subjects/wires.ts';

const isText = (value: unknown): boolean => typeof value === 'string';

export const impostors: readonly Mutant[] = [
  {
    name: 'one-cell-for-all-keys',
    impostor: 'I1',
    clause: 'KEY-2',
    about: 'There is one value, whatever the key.',
    store: (base) => eachKey(base, () => Buffer.from('cell')),
  },
  {
    name: 'store-for-each-connection',
    impostor: 'I2',
    clause: 'CONSISTENT-1',
    about: 'What one connection sets no other sees.',
    wire: () => ({}),
    serverForEach: true,
  },
  {
    name: 'one-connection-at-a-time',
    impostor: 'I3',
    clause: 'TRANSPORT-5',
    about: 'The next connection is served when the one before has gone.',
    hangs: true,
    wire: ({ host }) => ({ accept: () => Promise.all([...host.links].map(({ closed }) => closed)) }),
  },
  {
    name: 'set-never-overwrites',
    impostor: 'I4',
    clause: 'SET-1',
    about: 'The first value stays.',
    store: (base) => ({
      set: (request, reply) => {
        if (find(base, request) === undefined) base.set(request, reply);
      },
    }),
  },
  {
    name: 'delete-clears-everything',
    impostor: 'I5',
    clause: 'DELETE-1',
    about: 'DELETE of one item removes all.',
    store: (base) => ({
      delete: (request, reply) => {
        base.delete(request, reply);
        if (reply.status === OK) base.reset(request, blank());
      },
    }),
  },
  {
    name: '404-for-every-error',
    impostor: 'I6',
    clause: 'STATUS-1',
    about: 'Whatever is wrong, it was not found.',
    wire: statuses((status) => (status >= STATUS.BAD_REQUEST ? STATUS.NOT_FOUND : status)),
  },
  {
    name: 'one-read-is-one-frame',
    impostor: 'I7',
    clause: 'TRANSPORT-2',
    about: 'The four bytes of the length are skipped, and the rest of the read is the request.',
    hangs: true,
    wire: () => ({ input: (chunk) => (chunk.length > 4 ? frameOf(chunk.subarray(4)) : Buffer.alloc(0)) }),
  },
  {
    name: 'drops-what-follows-the-first-frame',
    impostor: 'I8',
    clause: 'TRANSPORT-2',
    about: 'Of the frames that one read completes, the first is answered and the rest forgotten.',
    hangs: true,
    wire: () => {
      let cutter = new Cutter();
      return {
        input: (chunk) => {
          const [first] = cutter.push(chunk);
          if (cutter.isBroken) return cutter.rest();
          if (first === undefined) return Buffer.alloc(0);
          cutter = new Cutter();
          return frameOf(first);
        },
      };
    },
  },
  {
    name: 'set-accepts-a-missing-key-or-value',
    impostor: 'I9',
    clause: 'JSON-3',
    about: 'A SET without its key or its value is a 200.',
    wire: answers((body) => {
      const object = objectOf(body);
      const lacks = object?.['command'] === 'SET' && !('key' in object && 'value' in object);
      return lacks ? STATUS.OK : undefined;
    }),
  },
  {
    name: 'trusts-the-length',
    impostor: 'I10',
    clause: 'FRAME-3',
    about: 'No length is refused: of none or a negative one nothing is read, and for two gibibytes it waits.',
    hangs: true,
    wire: () => {
      let held = Buffer.alloc(0);
      return {
        input: (chunk) => {
          held = Buffer.concat([held, chunk]);
          const frames: Buffer[] = [];
          while (held.length >= 4) {
            const length = Math.max(0, held.readInt32BE(0));
            if (held.length < 4 + length) break;
            if (length > 0) frames.push(held.subarray(0, 4 + length));
            held = held.subarray(4 + length);
          }
          return Buffer.concat(frames);
        },
      };
    },
  },
  {
    name: 'strings-and-lists-of-strings-only',
    impostor: 'I11',
    clause: 'JSON-2',
    about: 'Any other JSON value is malformed.',
    wire: (link) => ({
      request: (body) => {
        const object = objectOf(body);
        if (object?.['command'] !== 'SET' || !isJson(body)) return body;
        const value = object['value'];
        const isKept = isText(value) || (Array.isArray(value) && value.every(isText));
        return isKept ? body : link.answer(envelopeOf({ status_code: STATUS.BAD_REQUEST }));
      },
    }),
  },
  {
    name: 'keys-are-lower-cased-and-cut',
    impostor: 'I12',
    clause: 'KEY-2',
    about: 'A key is its first 64 characters, in small letters.',
    store: (base) => eachKey(base, (key) => Buffer.from(key.toString('latin1').toLowerCase().slice(0, 64), 'latin1')),
  },
];
