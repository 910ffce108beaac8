/** Mutants of section 5 and of listings. */
import { FLAG, OPCODE, STATUS, readDecimal } from '../../protocol/index.ts';
import { keyIn, valueIn } from '../subjects/bodies.ts';
import {
  allUnder,
  altered,
  blank,
  find,
  forEachKey,
  givePage,
  has,
  keyed,
  number,
  OK,
  type Entry,
} from '../subjects/stores.ts';
import type { Mutant, StoreChange } from '../subjects/subject.ts';
import { claims, replies, requests } from '../subjects/wires.ts';

/** Lists in another order than that of bytes; the cursor cuts in that order too. */
const listing =
  (compare: (a: Buffer, b: Buffer) => number): StoreChange =>
  (base) => ({
    list: (request, reply, page) => {
      const after = valueIn(request);
      const entries = allUnder(base, keyIn(request)).toSorted(([a], [b]) => compare(a, b));
      const left = after.length === 0 ? entries : entries.filter(([key]) => compare(key, after) > 0);
      givePage(left, request, reply, page);
    },
  });

const signed = (a: Buffer, b: Buffer): number => {
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const difference = a.readInt8(at) - b.readInt8(at);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

/** Lists what is left behind a cursor by a rule of one's own. */
const behind =
  (isLeft: (key: Buffer, after: Buffer) => boolean, partial: number = STATUS.PARTIAL): StoreChange =>
  (base) => ({
    list: (request, reply, page) => {
      const after = valueIn(request);
      const left = allUnder(base, keyIn(request)).filter(([key]) => after.length === 0 || isLeft(key, after));
      givePage(left, request, reply, page, partial);
    },
  });

const isAfter = (key: Buffer, after: Buffer): boolean => Buffer.compare(key, after) > 0;

const matching: readonly Mutant[] = [
  {
    name: 'prefix-one-byte-short',
    clause: 'PREFIX-1',
    about: 'The last byte of a prefix is not compared.',
    store: (base) => ({
      list: (request, reply, page) => {
        const prefix = keyIn(request);
        const left = allUnder(base, prefix.subarray(0, -1)).filter(([key]) => isAfter(key, valueIn(request)));
        givePage(left, request, reply, page);
      },
    }),
  },
  {
    name: 'signed-byte-order',
    clause: 'PREFIX-1',
    about: 'Bytes from 80 on come before 00.',
    store: listing(signed),
  },
  {
    name: 'shorter-keys-first',
    clause: 'LIST-1',
    about: 'Listings are ordered by the length of keys, and then by their bytes.',
    store: listing((a, b) => a.length - b.length || Buffer.compare(a, b)),
  },
  {
    name: 'order-of-arrival',
    clause: 'LIST-1',
    about: 'Listings come as items were set.',
    store: (base) => {
      const arrived: string[] = [];
      const place = (key: Buffer): number => arrived.indexOf(key.toString('hex'));
      return {
        ...listing((a, b) => place(a) - place(b))(base, { nowMs: () => 0 }),
        set: (request, reply) => {
          if (find(base, request) === undefined) arrived.push(keyIn(request).toString('hex'));
          base.set(request, reply);
        },
      };
    },
  },
  {
    name: 'none-under-a-prefix-is-200',
    clause: 'PREFIX-1',
    about: 'A listing of nothing is 200 without entries.',
    store: (base) => ({
      list: (request, reply, page) => {
        base.list(request, reply, page);
        if (reply.status === STATUS.NOT_FOUND) reply.clear();
      },
    }),
  },
  {
    name: 'keys-carry-values',
    clause: 'LIST-1',
    about: 'KEYS gives the values too.',
    wire: claims((entries) => [...entries.keys()].map((key) => [key, 'value'] as const), OPCODE.KEYS),
  },
  {
    name: 'count-of-none-is-404',
    clause: 'COUNT-1',
    about: 'COUNT of nothing gets 404.',
    store: (base) => ({
      count: (request, reply) => {
        base.count(request, reply);
        if (reply.number !== 0n) return;
        reply.clear();
        reply.status = STATUS.NOT_FOUND;
      },
    }),
  },
  {
    name: 'count-without-the-key-itself',
    clause: 'COUNT-1',
    about: 'COUNT leaves out the item whose key is the prefix.',
    store: (base) => ({
      count: (request, reply) => {
        const self = find(base, request) === undefined ? 0 : 1;
        base.count(request, reply);
        number(reply, reply.number - BigInt(self));
      },
    }),
  },
];

const isNumber = ([, value]: Entry): boolean => readDecimal(value, 0, value.length) !== undefined;

const changing: readonly Mutant[] = [
  {
    name: 'set-with-prefix-creates',
    clause: 'PREFIX-2',
    about: 'A SET with PREFIX under which there is nothing makes an item of the prefix.',
    store: (base) => ({
      setPrefix: (request, reply) => {
        base.setPrefix(request, reply);
        if (reply.status !== STATUS.NOT_FOUND || keyIn(request).length === 0) return;
        reply.clear();
        base.set(altered(request, { flags: request.flags & ~FLAG.PREFIX }), reply);
        number(reply, 1);
      },
    }),
  },
  {
    name: 'nothing-changed-is-200',
    clause: 'PREFIX-2',
    about: 'A prefix request that changes nothing is 200 with NUMBER 0.',
    store: (base) => ({
      deletePrefix: (request, reply) => {
        base.deletePrefix(request, reply);
        if (reply.status !== STATUS.NOT_FOUND) return;
        reply.clear();
        number(reply, 0);
      },
    }),
  },
  {
    name: 'touch-with-prefix-counts-alone',
    clause: 'PREFIX-2',
    about: 'A TOUCH with PREFIX tells how many there are, and touches none.',
    store: (base) => ({
      touchPrefix: (request, reply) => {
        const count = allUnder(base, keyIn(request)).length;
        if (count === 0) reply.status = STATUS.NOT_FOUND;
        else number(reply, count);
      },
    }),
  },
  {
    name: 'delete-with-prefix-counts-too-many',
    clause: 'PREFIX-2',
    about: 'NUMBER of a DELETE with PREFIX is one too high.',
    store: (base) => ({
      deletePrefix: (request, reply) => {
        base.deletePrefix(request, reply);
        if (reply.status === OK) number(reply, reply.number + 1n);
      },
    }),
  },
  {
    name: 'set-with-prefix-keeps-the-tag',
    clause: 'PREFIX-2',
    about: 'A SET with PREFIX changes values and leaves TAGs.',
    store: (base) => ({
      setPrefix: (request, reply) => {
        const keys = allUnder(base, keyIn(request)).map(([key]) => key);
        forEachKey(keys, request, reply, (single, one) => {
          base.replace(altered(single, { tag: find(base, single)?.tag ?? 0, flags: single.flags | FLAG.TAG }), one);
        });
      },
    }),
  },
  {
    name: 'locked-items-are-counted',
    clause: 'PREFIX-3',
    about: 'Items that a lock protects are passed over, and counted.',
    store: (base) => ({
      deletePrefix: (request, reply) => {
        const count = allUnder(base, keyIn(request)).length;
        base.deletePrefix(request, reply);
        if (reply.status === OK) number(reply, count);
      },
    }),
  },
  {
    name: 'prefix-goes-through-locks',
    clause: 'PREFIX-3',
    about: 'A SET with PREFIX does not look at locks.',
    store: (base) => ({
      setPrefix: (request, reply) => {
        const keys = allUnder(base, keyIn(request)).map(([key]) => key);
        forEachKey(keys, request, reply, (single, one) => {
          base.unlock(altered(single, { flags: 0 }), blank());
          base.set(single, one);
        });
      },
    }),
  },
  {
    name: 'one-that-is-no-number-refuses-all',
    clause: 'PREFIX-3',
    about: 'An INCREMENT with PREFIX gets 422 if one item is no number.',
    store: (base) => ({
      incrementPrefix: (request, reply) => {
        if (allUnder(base, keyIn(request)).every(isNumber)) base.incrementPrefix(request, reply);
        else reply.status = STATUS.NOT_A_NUMBER;
      },
    }),
  },
  {
    name: 'each-item-a-token-of-its-own',
    clause: 'PREFIX-4',
    about: 'A LOCK with PREFIX gives each item a token, and returns the last.',
    store: (base) => ({
      lockPrefix: (request, reply) => {
        const keys = allUnder(base, keyIn(request)).map(([key]) => key);
        let token = 0;
        forEachKey(keys, request, reply, (single, one) => {
          base.lock(single, one);
          if (one.status === OK) token = one.token;
        });
        if (reply.status !== OK) return;
        reply.flags |= FLAG.TOKEN;
        reply.token = token;
      },
    }),
  },
  {
    name: 'unlock-with-prefix-counts-locks-alone',
    clause: 'PREFIX-4',
    about: 'An UNLOCK with PREFIX and without TOKEN counts the items that were locked.',
    store: (base) => ({
      unlockPrefix: (request, reply) => {
        const keys = allUnder(base, keyIn(request)).map(([key]) => key);
        if (has(request, FLAG.TOKEN)) return base.unlockPrefix(request, reply);
        forEachKey(keys, request, reply, (single, one) => {
          if ((base.meta(single)?.lockMs ?? 0) === 0) one.status = STATUS.NOT_FOUND;
          else base.unlock(single, one);
        });
      },
    }),
  },
];

const paging: readonly Mutant[] = [
  {
    name: 'limit-is-ignored',
    clause: 'LIST-2',
    about: 'NUMBER of a listing is passed over.',
    store: (base) => ({
      list: (request, reply, page) => base.list(altered(request, { flags: request.flags & ~FLAG.NUMBER }), reply, page),
    }),
  },
  {
    name: 'limit-of-0-is-none',
    clause: 'LIST-2',
    about: 'NUMBER below 1 is no limit.',
    wire: requests((request) => {
      const lists = request.opcode === OPCODE.KEYS || (request.opcode === OPCODE.GET && has(request, FLAG.PREFIX));
      if (lists && request.number < 1n) request.flags &= ~FLAG.NUMBER;
    }),
  },
  {
    name: 'limit-of-32-bits',
    clause: 'LIST-2',
    about: 'Of NUMBER the lower 32 bits are the limit.',
    store: (base) => ({
      list: (request, reply, page) => {
        if (!has(request, FLAG.NUMBER)) return base.list(request, reply, page);
        const most = BigInt.asUintN(32, request.number);
        if (most === 0n) reply.status = STATUS.NOT_FOUND;
        else base.list(altered(request, { number: most }), reply, page);
      },
    }),
  },
  {
    name: 'cursor-is-inclusive',
    clause: 'LIST-3',
    about: 'A listing goes on at its cursor.',
    store: behind((key, after) => Buffer.compare(key, after) >= 0),
  },
  {
    name: 'cursor-must-exist',
    clause: 'LIST-3',
    about: 'A listing behind a key that is not there gets 404.',
    store: (base) => ({
      list: (request, reply, page) => {
        const after = valueIn(request);
        const exists = after.length === 0 || find(base, keyed(request, after)) !== undefined;
        if (exists) base.list(request, reply, page);
        else reply.status = STATUS.NOT_FOUND;
      },
    }),
  },
  {
    name: '206-is-missing',
    clause: 'LIST-3',
    about: 'Every page is 200.',
    wire: replies((reply) => void (reply.status = reply.status === STATUS.PARTIAL ? OK : reply.status)),
  },
  {
    name: '206-for-the-last-page-too',
    clause: 'LIST-3',
    about: 'A page that has as many items as were asked for is 206, be there more or not.',
    store: (base) => ({
      list: (request, reply, page) => {
        base.list(request, reply, page);
        if (reply.status === OK && has(request, FLAG.NUMBER) && reply.number === request.number)
          reply.status = STATUS.PARTIAL;
      },
    }),
  },
];

export const prefixMutants: readonly Mutant[] = [...matching, ...changing, ...paging];
