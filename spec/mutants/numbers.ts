/** Mutants of section 4: INCREMENT, expiry and versions. */
import { FLAG, I64_MAX, OPCODE, STATUS, readDecimal, type RequestFrame } from '../../protocol/index.ts';
import type { Store } from '../../server/index.ts';
import { keyIn, valueIn } from '../subjects/bodies.ts';
import { altered, blank, find, has, KEYED, number, OK, valued } from '../subjects/stores.ts';
import type { Mutant, StoreChange } from '../subjects/subject.ts';
import { replies, requests } from '../subjects/wires.ts';

const KEEPS = FLAG.TTL | FLAG.TAG;

/** The sum that INCREMENT gives, in place of the exact one. */
const adding =
  (sum: (old: bigint, delta: bigint) => bigint): StoreChange =>
  (base) => ({
    increment: (request, reply) => {
      const old = find(base, request)?.value;
      base.increment(request, reply);
      const before = old && readDecimal(old, 0, old.length);
      if (reply.status !== OK || before === undefined) return;
      const wrong = sum(before, has(request, FLAG.NUMBER) ? request.number : 1n);
      if (wrong === reply.number) return;
      const { tag = 0, ttlMs = 0 } = find(base, request) ?? {};
      base.set(valued(request, Buffer.from(`${wrong}`), { tag, ttlMs, flags: KEEPS }), blank());
      number(reply, wrong);
    },
  });

const counting: readonly Mutant[] = [
  {
    name: 'numbers-via-double',
    clause: 'INCREMENT-1',
    about: 'Sums are made with doubles.',
    store: adding((old, delta) => {
      const sum = BigInt(Number(old) + Number(delta));
      return sum > I64_MAX ? I64_MAX : sum;
    }),
  },
  {
    name: 'number-is-unsigned',
    clause: 'INCREMENT-1',
    about: 'A negative NUMBER is taken for its absolute value.',
    store: adding((old, delta) => old + (delta < 0n ? -delta : delta)),
  },
  {
    name: 'sums-keep-their-zeros',
    clause: 'INCREMENT-1',
    about: 'A sum is padded to the length that the value had.',
    store: (base) => ({
      increment: (request, reply) => {
        const width = find(base, request)?.value.length ?? 0;
        base.increment(request, reply);
        const now = find(base, request);
        if (reply.status !== OK || now === undefined || now.value.length >= width) return;
        const padded = Buffer.from(`${'0'.repeat(width - now.value.length)}${now.value.toString()}`);
        base.set(valued(request, padded, { ...now, flags: KEEPS }), blank());
      },
    }),
  },
  {
    name: 'spaces-around-a-number',
    clause: 'INCREMENT-2',
    about: 'A value with white space, or with a plus, is a number too.',
    store: (base) => ({
      increment: (request, reply) => {
        const old = find(base, request);
        const text = old?.value.toString().trim().replace(/^\+/, '') ?? '';
        if (old !== undefined && text !== old.value.toString() && /^-?\d{1,18}$/.test(text)) {
          base.set(valued(request, Buffer.from(text), { ...old, flags: KEEPS }), blank());
        }
        base.increment(request, reply);
      },
    }),
  },
  {
    name: 'sums-wrap-around',
    clause: 'INCREMENT-2',
    about: 'A sum beyond i64 goes on at the other end.',
    store: (base) => ({
      increment: (request, reply) => {
        const old = find(base, request);
        base.increment(request, reply);
        const before = old && readDecimal(old.value, 0, old.value.length);
        if (reply.status !== STATUS.NOT_A_NUMBER || old === undefined || before === undefined) return;
        const sum = BigInt.asIntN(64, before + (has(request, FLAG.NUMBER) ? request.number : 1n));
        reply.clear();
        base.set(valued(request, Buffer.from(`${sum}`), { ...old, flags: KEEPS }), reply);
        number(reply, sum);
      },
    }),
  },
  {
    name: 'created-numbers-are-incremented',
    clause: 'INCREMENT-3',
    about: 'A number that INCREMENT creates has NUMBER added to it.',
    store: (base) => ({
      increment: (request, reply) => {
        const isNew = find(base, request) === undefined;
        base.increment(request, reply);
        if (isNew && reply.status === OK) base.increment(altered(request, { valueStart: 0, valueEnd: 0 }), reply);
      },
    }),
  },
  {
    name: 'increment-creates-without-a-value',
    clause: 'INCREMENT-3',
    about: 'INCREMENT of nothing begins at 0.',
    store: (base) => ({
      increment: (request, reply) => {
        base.increment(request, reply);
        if (reply.status !== STATUS.NOT_FOUND || has(request, FLAG.VERSION)) return;
        reply.clear();
        base.increment(valued(request, Buffer.from('0')), reply);
      },
    }),
  },
  {
    name: 'increment-sets-the-ttl-of-what-is-there',
    clause: 'INCREMENT-4',
    about: 'TTL of an INCREMENT is for every item.',
    store: (base) => ({
      increment: (request, reply) => {
        base.increment(request, reply);
        if (reply.status === OK && has(request, FLAG.TTL)) base.touch(altered(request, { flags: FLAG.TTL }), blank());
      },
    }),
  },
  {
    name: 'increment-resets-the-tag',
    clause: 'INCREMENT-4',
    about: 'A sum has TAG 0.',
    store: (base) => ({
      increment: (request, reply) => {
        base.increment(request, reply);
        const now = find(base, request);
        if (reply.status !== OK || now === undefined || now.tag === 0) return;
        base.set(valued(request, now.value, { ...now, tag: 0, flags: FLAG.TTL }), blank());
      },
    }),
  },
];

const nameOf = (request: RequestFrame): string => keyIn(request).toString('latin1');

const times: readonly Mutant[] = [
  {
    name: 'touch-without-ttl-does-nothing',
    clause: 'TOUCH-1',
    about: 'TOUCH without TTL leaves the expiry.',
    store: (base) => ({
      touch: (request, reply) => {
        if (has(request, FLAG.TTL) || find(base, request) === undefined) base.touch(request, reply);
      },
    }),
  },
  {
    name: 'touch-adds-to-the-ttl',
    clause: 'TOUCH-1',
    about: 'TTL of a TOUCH is counted from when the item would have expired.',
    store: (base) => ({
      touch: (request, reply) => {
        const left = find(base, request)?.ttlMs ?? 0;
        base.touch(altered(request, { ttlMs: request.ttlMs === 0 ? 0 : request.ttlMs + left }), reply);
      },
    }),
  },
  {
    name: 'touch-of-nothing-is-200',
    clause: 'TOUCH-1',
    about: 'TOUCH never gets 404.',
    hangs: true,
    store: (base) => ({
      touch: (request, reply) => {
        base.touch(request, reply);
        if (reply.status === STATUS.NOT_FOUND) reply.status = OK;
      },
    }),
  },
  {
    name: 'items-never-expire',
    clause: 'EXPIRY-1',
    about: 'TTL is ten minutes longer than was asked for.',
    hangs: true,
    wire: requests((request) => {
      if (has(request, FLAG.TTL) && request.ttlMs > 0) request.ttlMs += 600_000;
    }),
  },
  {
    name: 'count-has-the-expired',
    clause: 'EXPIRY-1',
    about: 'COUNT counts items until something else has met them.',
    store: (base) => {
      const written = new Map<string, string>();
      return {
        set: (request, reply) => {
          base.set(request, reply);
          if (reply.status === OK) written.set(keyIn(request).toString('latin1'), '');
        },
        delete: (request, reply) => {
          base.delete(request, reply);
          if (reply.status === OK) written.delete(keyIn(request).toString('latin1'));
        },
        count: (request, reply) => {
          base.count(request, reply);
          const prefix = keyIn(request).toString('latin1');
          const count = [...written.keys()].filter((key) => key.startsWith(prefix)).length;
          if (BigInt(count) > reply.number) reply.number = BigInt(count);
        },
      };
    },
  },
  {
    name: 'add-meets-the-expired',
    clause: 'EXPIRY-1',
    about: 'An item that has expired and was not read since still stands in the way of ADD.',
    store: (base) => {
      const mortal = new Set<string>();
      return {
        set: (request, reply) => {
          base.set(request, reply);
          if (has(request, FLAG.TTL)) mortal.add(nameOf(request));
        },
        get: (request, reply) => {
          base.get(request, reply);
          if (reply.status === STATUS.NOT_FOUND) mortal.delete(nameOf(request));
        },
        add: (request, reply) => {
          if (mortal.has(nameOf(request))) reply.status = STATUS.CONFLICT;
          else base.add(request, reply);
        },
      };
    },
  },
  {
    name: 'ttl-of-32-bits',
    clause: 'EXPIRY-2',
    about: 'Of a TTL the lower 32 bits are kept.',
    wire: requests((request) => void (request.ttlMs %= 2 ** 32)),
  },
  {
    name: 'ttl-of-a-timer',
    clause: 'EXPIRY-2',
    about: 'A TTL above 2^31 − 1 ends at once, as a timer of the runtime does.',
    wire: requests((request) => {
      if (request.ttlMs >= 2 ** 31) request.ttlMs = 1;
    }),
  },
  {
    name: 'ttl-ends-early',
    clause: 'EXPIRY-2',
    about: 'Items live for a tenth of their TTL.',
    wire: requests((request) => void (request.ttlMs = Math.ceil(request.ttlMs / 10))),
  },
];

/** Counts each item's versions from its first one. */
const versionsOfEach: StoreChange = (base) => {
  const before = new Map<string, number>();
  const counted = (name: (typeof KEYED)[number]): Store[typeof name] => {
    return (request, reply) => {
      const key = keyIn(request).toString('hex');
      const isNew = find(base, request) === undefined;
      base[name](altered(request, { version: request.version + (before.get(key) ?? 0) }), reply);
      const now = find(base, request);
      if (isNew && now !== undefined) before.set(key, now.version - 1);
      if (has(reply, FLAG.VERSION)) reply.version -= before.get(key) ?? 0;
    };
  };
  return Object.fromEntries(KEYED.map((name) => [name, counted(name)]));
};

const versions: readonly Mutant[] = [
  {
    name: 'versions-of-each-item',
    clause: 'VERSION-1',
    about: 'A new item has version 1 and counts on from there.',
    store: versionsOfEach,
  },
  {
    name: 'touch-makes-a-version',
    clause: 'VERSION-1',
    about: 'TOUCH changes the version.',
    store: (base) => ({
      touch: (request, reply) => {
        base.touch(request, reply);
        const now = find(base, request);
        if (reply.status !== OK || now === undefined) return;
        base.set(valued(request, now.value, { ...now, flags: KEEPS | (request.flags & FLAG.TOKEN) }), blank());
      },
    }),
  },
  {
    name: 'equal-sets-keep-the-version',
    clause: 'VERSION-1',
    about: 'A SET of the value that is there does not change the version.',
    store: (base) => ({
      set: (request, reply) => {
        const old = find(base, request);
        const isSame = old?.value.equals(valueIn(request)) && old.tag === request.tag && old.ttlMs === request.ttlMs;
        if (old === undefined || !isSame || has(request, FLAG.VERSION)) return base.set(request, reply);
        if (!has(request, FLAG.DETAIL)) return;
        reply.flags |= FLAG.VERSION;
        reply.version = old.version;
      },
    }),
  },
  {
    name: 'delete-ignores-version',
    clause: 'VERSION-2',
    about: 'DELETE removes whatever is there.',
    store: (base) => ({
      delete: (request, reply) => base.delete(altered(request, { flags: request.flags & ~FLAG.VERSION }), reply),
    }),
  },
  {
    name: 'version-at-least',
    clause: 'VERSION-2',
    about: 'A VERSION above the item’s is as good as its own.',
    store: (base) => ({
      set: (request, reply) => {
        const old = find(base, request);
        const isAbove = old !== undefined && has(request, FLAG.VERSION) && request.version > old.version;
        base.set(isAbove ? altered(request, { version: old.version }) : request, reply);
      },
    }),
  },
  {
    name: 'version-of-nothing-creates',
    clause: 'VERSION-2',
    about: 'A SET with VERSION of nothing makes an item.',
    store: (base) => ({
      set: (request, reply) => {
        const isNew = find(base, request) === undefined;
        base.set(isNew ? altered(request, { flags: request.flags & ~FLAG.VERSION }) : request, reply);
      },
    }),
  },
  {
    name: 'detail-of-a-write-is-the-old-version',
    clause: 'VERSION-3',
    about: 'A write with DETAIL tells the version that it replaced.',
    store: (base) => ({
      set: (request, reply) => {
        const old = find(base, request);
        base.set(request, reply);
        if (old !== undefined && has(reply, FLAG.VERSION)) reply.version = old.version;
      },
    }),
  },
  {
    name: 'writes-without-detail',
    clause: 'VERSION-3',
    about: 'Writes never tell the version.',
    wire: replies((reply, request) => {
      if (request !== undefined && request.opcode !== OPCODE.GET) reply.flags &= ~FLAG.VERSION;
    }),
  },
];

export const numberMutants: readonly Mutant[] = [...counting, ...times, ...versions];
