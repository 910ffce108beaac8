/** Mutants of section 4: what reads and writes do to one item. */
import { FLAG, STATUS } from '../../protocol/index.ts';
import { keyIn } from '../subjects/bodies.ts';
import { altered, blank, find, has, OK, valued } from '../subjects/stores.ts';
import type { Mutant } from '../subjects/subject.ts';
import { replies } from '../subjects/wires.ts';

const reads: readonly Mutant[] = [
  {
    name: 'get-takes-away',
    clause: 'GET-1',
    about: 'A GET removes the item.',
    store: (base) => ({
      get: (request, reply) => {
        base.get(request, reply);
        if (reply.status === OK) base.delete(altered(request, { flags: 0 }), blank());
      },
    }),
  },
  {
    name: 'get-forgets-the-tag',
    clause: 'GET-1',
    about: 'No reply carries TAG.',
    wire: replies((reply) => void (reply.flags &= ~FLAG.TAG)),
  },
  {
    name: 'get-sends-a-tag-of-0',
    clause: 'GET-1',
    about: 'A GET’s reply carries TAG even if it is 0.',
    store: (base) => ({
      get: (request, reply) => {
        base.get(request, reply);
        if (reply.status !== OK || has(reply, FLAG.TAG)) return;
        reply.flags |= FLAG.TAG;
        reply.tag = 0;
      },
    }),
  },
  {
    name: 'a-miss-is-an-empty-value',
    clause: 'GET-1',
    about: 'A GET of nothing is 200 with an empty value.',
    store: (base) => ({
      get: (request, reply) => {
        base.get(request, reply);
        reply.status = OK;
      },
    }),
  },
  {
    name: 'detail-without-ttl',
    clause: 'GET-2',
    about: 'DETAIL tells the version alone.',
    wire: replies((reply) => void (reply.flags &= ~FLAG.TTL)),
  },
  {
    name: 'ttl-in-seconds',
    clause: 'GET-2',
    about: 'DETAIL tells the seconds that are left.',
    wire: replies((reply) => void (reply.ttlMs = Math.ceil(reply.ttlMs / 1000))),
  },
  {
    name: 'ttl-does-not-count-down',
    clause: 'GET-2',
    about: 'DETAIL tells the TTL as it was set.',
    store: (base) => ({
      get: (request, reply) => {
        base.get(request, reply);
        const meta = base.meta(request);
        if (meta !== undefined && has(reply, FLAG.TTL)) reply.ttlMs = meta.ttlMs;
      },
    }),
  },
  {
    name: 'get-with-ttl-is-a-plain-get',
    clause: 'GET-3',
    about: 'TTL of a GET is passed over.',
    store: (base) => ({
      get: (request, reply) => base.get(altered(request, { flags: request.flags & ~FLAG.TTL }), reply),
    }),
  },
  {
    name: 'get-with-ttl-prolongs-only',
    clause: 'GET-3',
    about: 'A GET with TTL never makes a life shorter.',
    store: (base) => ({
      get: (request, reply) => {
        const old = find(base, request);
        const shortens = old !== undefined && (old.ttlMs === 0 || old.ttlMs > request.ttlMs);
        base.get(shortens ? altered(request, { flags: request.flags & ~FLAG.TTL }) : request, reply);
      },
    }),
  },
];

const writes: readonly Mutant[] = [
  {
    name: 'set-keeps-the-ttl',
    clause: 'SET-1',
    about: 'An item that is set again without TTL dies with the old one.',
    store: (base) => ({
      set: (request, reply) => {
        const old = find(base, request);
        if (old === undefined || has(request, FLAG.TTL)) return base.set(request, reply);
        base.set(altered(request, { flags: request.flags | FLAG.TTL, ttlMs: old.ttlMs }), reply);
      },
    }),
  },
  {
    name: 'set-keeps-the-tag',
    clause: 'SET-1',
    about: 'Without TAG the old one stays.',
    store: (base) => ({
      set: (request, reply) => {
        const old = find(base, request);
        base.set(old === undefined || has(request, FLAG.TAG) ? request : altered(request, { tag: old.tag }), reply);
      },
    }),
  },
  {
    name: 'add-overwrites',
    clause: 'ADD-1',
    about: 'ADD is another name of SET.',
    store: (base) => ({ add: (request, reply) => base.set(request, reply) }),
  },
  {
    name: 'add-remembers-the-deleted',
    clause: 'ADD-1',
    about: 'ADD of a key that was deleted is a conflict.',
    store: (base) => {
      const gone = new Set<string>();
      return {
        delete: (request, reply) => {
          base.delete(request, reply);
          if (reply.status === OK) gone.add(keyIn(request).toString('hex'));
        },
        add: (request, reply) => {
          if (gone.has(keyIn(request).toString('hex'))) reply.status = STATUS.CONFLICT;
          else base.add(request, reply);
        },
      };
    },
  },
  {
    name: 'replace-creates',
    clause: 'REPLACE-1',
    about: 'REPLACE is another name of SET.',
    hangs: true,
    store: (base) => ({ replace: (request, reply) => base.set(request, reply) }),
  },
  {
    name: 'replace-keeps-the-tag',
    clause: 'REPLACE-1',
    about: 'REPLACE changes the value and leaves TAG.',
    store: (base) => ({
      replace: (request, reply) => base.replace(altered(request, { tag: find(base, request)?.tag ?? 0 }), reply),
    }),
  },
  {
    name: 'append-resets-the-tag',
    clause: 'APPEND-1',
    about: 'APPEND leaves an item with TAG 0.',
    store: (base) => ({
      append: (request, reply) => {
        base.append(request, reply);
        const old = find(base, request);
        if (reply.status !== OK || old === undefined) return;
        base.set(
          valued(request, old.value, { ...old, tag: 0, flags: FLAG.TTL | (request.flags & FLAG.TOKEN) }),
          blank(),
        );
      },
    }),
  },
  {
    name: 'prepend-appends',
    clause: 'APPEND-1',
    about: 'PREPEND is another name of APPEND.',
    store: (base) => ({ prepend: (request, reply) => base.append(request, reply) }),
  },
  {
    name: 'append-creates',
    clause: 'APPEND-1',
    about: 'APPEND to nothing makes an item.',
    hangs: true,
    store: (base) => ({
      append: (request, reply) => {
        base.append(request, reply);
        if (reply.status !== STATUS.NOT_FOUND || has(request, FLAG.VERSION)) return;
        reply.clear();
        base.set(request, reply);
      },
    }),
  },
  {
    name: 'delete-of-nothing-is-200',
    clause: 'DELETE-1',
    about: 'DELETE never gets 404.',
    store: (base) => ({
      delete: (request, reply) => {
        base.delete(request, reply);
        if (reply.status === STATUS.NOT_FOUND) reply.status = OK;
      },
    }),
  },
  {
    name: 'delete-leaves-a-tombstone',
    clause: 'DELETE-1',
    about: 'What is set after a DELETE stays hidden.',
    store: (base) => {
      const gone = new Set<string>();
      return {
        delete: (request, reply) => {
          base.delete(request, reply);
          if (reply.status === OK) gone.add(keyIn(request).toString('hex'));
        },
        get: (request, reply) => {
          if (gone.has(keyIn(request).toString('hex'))) reply.status = STATUS.NOT_FOUND;
          else base.get(request, reply);
        },
      };
    },
  },
];

export const itemMutants: readonly Mutant[] = [...reads, ...writes];
