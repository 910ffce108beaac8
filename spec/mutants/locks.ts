/** Mutants of section 4: locks. */
import { FLAG, STATUS, type ReplyFrame, type RequestFrame } from '../../protocol/index.ts';
import type { Store } from '../../server/index.ts';
import { keyIn } from '../subjects/bodies.ts';
import { altered, blank, has, KEYED, OK } from '../subjects/stores.ts';
import type { Mutant, StoreChange } from '../subjects/subject.ts';

type Keyed = 'set' | 'append' | 'delete' | 'touch' | 'increment' | 'get';

const hex = (request: RequestFrame): string => keyIn(request).toString('hex');

/** Carries an operation out on a locked item as if it were not, and leaves the lock as good as it was. */
const throughLocks =
  (name: Keyed): StoreChange =>
  (base) => {
    const tokens = tokensOf(base);
    return {
      ...tokens.watching,
      [name]: (request: RequestFrame, reply: ReplyFrame) => {
        const token = tokens.of(request);
        base[name](
          token === undefined ? request : altered(request, { flags: request.flags | FLAG.TOKEN, token }),
          reply,
        );
      },
    };
  };

/** Knows the token of each key that was locked. */
function tokensOf(base: Store): {
  of: (request: RequestFrame) => number | undefined;
  watching: Pick<Store, 'lock'>;
} {
  const tokens = new Map<string, number>();
  return {
    of: (request) => tokens.get(hex(request)),
    watching: {
      lock: (request, reply) => {
        base.lock(request, reply);
        if (reply.status === OK) tokens.set(hex(request), reply.token);
      },
    },
  };
}

const locking: readonly Mutant[] = [
  {
    name: 'tokens-are-used-again',
    clause: 'LOCK-1',
    about: 'An item that is locked once more gets the token of its last lock.',
    store: (base) => {
      const { of, watching } = tokensOf(base);
      /** What the client takes for the token, by the real one, and the other way round. */
      const shown = new Map<number, number>();
      const real = new Map<number, number>();
      const other = (request: RequestFrame): RequestFrame =>
        altered(request, { token: real.get(request.token) ?? request.token });
      const opened = KEYED.map((name) => [
        name,
        (request: RequestFrame, reply: ReplyFrame) => base[name](other(request), reply),
      ]);
      return {
        ...Object.fromEntries(opened),
        lock: (request, reply) => {
          const last = of(request);
          watching.lock(other(request), reply);
          if (reply.status !== OK || last === undefined) return;
          shown.set(reply.token, shown.get(last) ?? last);
          reply.token = shown.get(reply.token) ?? reply.token;
          real.set(reply.token, of(request) ?? reply.token);
        },
      };
    },
  },
  {
    name: 'lock-of-nothing-is-200',
    clause: 'LOCK-1',
    about: 'LOCK of what is not there gives a token.',
    store: (base) => ({
      lock: (request, reply) => {
        base.lock(request, reply);
        if (reply.status !== STATUS.NOT_FOUND) return;
        reply.clear();
        reply.flags |= FLAG.TOKEN;
        reply.token = 2 ** 40;
      },
    }),
  },
  {
    name: 'locks-do-not-end',
    clause: 'LOCK-1',
    about: 'TTL of a LOCK is passed over.',
    hangs: true,
    store: (base) => ({ lock: (request, reply) => base.lock(altered(request, { ttlMs: 0 }), reply) }),
  },
  {
    name: 'lock-of-a-locked-item-is-200',
    clause: 'LOCK-2',
    about: 'The last who asks has the lock.',
    store: (base) => ({
      lock: (request, reply) => {
        base.lock(request, reply);
        if (reply.status !== STATUS.LOCKED) return;
        base.unlock(altered(request, { flags: 0 }), blank());
        reply.clear();
        base.lock(request, reply);
      },
    }),
  },
  {
    name: 'lock-again-gives-another-token',
    clause: 'LOCK-2',
    about: 'LOCK with the lock’s TOKEN gives a new one.',
    store: (base) => ({
      lock: (request, reply) => {
        base.lock(request, reply);
        if (reply.status !== OK || !has(request, FLAG.TOKEN) || reply.token !== request.token) return;
        base.unlock(altered(request, { flags: 0 }), blank());
        base.lock(request, reply);
      },
    }),
  },
  {
    name: 'lock-again-keeps-its-time',
    clause: 'LOCK-2',
    about: 'LOCK with the lock’s TOKEN leaves its time.',
    store: (base) => ({
      lock: (request, reply) => {
        const before = base.meta(request)?.lockMs ?? 0;
        if (before === 0 || !has(request, FLAG.TOKEN)) return base.lock(request, reply);
        base.lock(altered(request, { ttlMs: Math.max(0, before) }), reply);
      },
    }),
  },
];

const keeping: readonly Mutant[] = [
  { name: 'set-ignores-locks', clause: 'LOCK-3', about: 'SET does not look at locks.', store: throughLocks('set') },
  {
    name: 'touch-ignores-locks',
    clause: 'LOCK-3',
    about: 'TOUCH does not look at locks.',
    store: throughLocks('touch'),
  },
  {
    name: 'append-ignores-locks',
    clause: 'LOCK-3',
    about: 'APPEND does not look at locks.',
    store: throughLocks('append'),
  },
  {
    name: 'increment-ignores-locks',
    clause: 'LOCK-3',
    about: 'INCREMENT does not look at locks.',
    store: throughLocks('increment'),
  },
  {
    name: 'get-with-ttl-ignores-locks',
    clause: 'LOCK-3',
    about: 'A GET with TTL does not look at locks.',
    store: throughLocks('get'),
  },
  {
    name: 'delete-ignores-locks',
    clause: 'LOCK-3',
    about: 'DELETE does not look at locks.',
    store: throughLocks('delete'),
  },
  {
    name: 'any-token-opens',
    clause: 'LOCK-3',
    about: 'A TOKEN is looked at, but not compared.',
    store: (base) => {
      const tokens = tokensOf(base);
      return {
        ...tokens.watching,
        set: (request, reply) => {
          const token = has(request, FLAG.TOKEN) ? (tokens.of(request) ?? request.token) : request.token;
          base.set(altered(request, { token }), reply);
        },
      };
    },
  },
  {
    name: 'token-without-a-lock-is-423',
    clause: 'LOCK-3',
    about: 'A TOKEN for an item that is not locked is refused.',
    store: (base) => ({
      set: (request, reply) => {
        const item = base.meta(request);
        if (has(request, FLAG.TOKEN) && item?.lockMs === 0) reply.status = STATUS.LOCKED;
        else base.set(request, reply);
      },
    }),
  },
  {
    name: 'set-ends-the-lock',
    clause: 'LOCK-3',
    about: 'A SET by the lock’s owner unlocks the item.',
    store: (base) => ({
      set: (request, reply) => {
        base.set(request, reply);
        if (reply.status === OK) base.unlock(altered(request, { flags: 0 }), blank());
      },
    }),
  },
  {
    name: 'locked-items-are-not-read',
    clause: 'LOCK-4',
    about: 'GET of a locked item gets 423.',
    store: (base) => ({
      get: (request, reply) => {
        if ((base.meta(request)?.lockMs ?? 0) === 0 || has(request, FLAG.TOKEN)) base.get(request, reply);
        else reply.status = STATUS.LOCKED;
      },
    }),
  },
  {
    name: 'lock-survives-delete',
    clause: 'LOCK-4',
    about: 'What is set after a DELETE by the owner is still locked.',
    store: (base) => {
      const graves = new Set<string>();
      return {
        set: (request, reply) => {
          base.set(request, reply);
          if (graves.delete(hex(request))) base.lock(altered(request, { flags: 0, ttlMs: 0 }), blank());
        },
        delete: (request, reply) => {
          const wasLocked = (base.meta(request)?.lockMs ?? 0) !== 0;
          base.delete(request, reply);
          if (wasLocked && reply.status === OK) graves.add(hex(request));
        },
      };
    },
  },
  {
    name: 'locked-items-do-not-expire',
    clause: 'LOCK-4',
    about: 'A locked item outlives its TTL.',
    hangs: true,
    store: (base) => ({
      lock: (request, reply) => {
        base.lock(request, reply);
        if (reply.status !== OK) return;
        base.touch(altered(request, { flags: FLAG.TOKEN, token: reply.token, ttlMs: 0 }), blank());
      },
    }),
  },
];

const unlocking: readonly Mutant[] = [
  {
    name: 'unlock-with-any-token',
    clause: 'LOCK-5',
    about: 'UNLOCK does not compare tokens.',
    store: (base) => ({ unlock: (request, reply) => base.unlock(altered(request, { flags: 0 }), reply) }),
  },
  {
    name: 'unlock-needs-a-token',
    clause: 'LOCK-5',
    about: 'UNLOCK without TOKEN gets 423.',
    store: (base) => ({
      unlock: (request, reply) => {
        const isLocked = (base.meta(request)?.lockMs ?? 0) !== 0;
        if (isLocked && !has(request, FLAG.TOKEN)) reply.status = STATUS.LOCKED;
        else base.unlock(request, reply);
      },
    }),
  },
  {
    name: 'unlock-of-an-unlocked-item-is-404',
    clause: 'LOCK-5',
    about: 'UNLOCK of an item without a lock gets 404.',
    store: (base) => ({
      unlock: (request, reply) => {
        if (base.meta(request)?.lockMs === 0) reply.status = STATUS.NOT_FOUND;
        else base.unlock(request, reply);
      },
    }),
  },
];

export const lockMutants: readonly Mutant[] = [...locking, ...keeping, ...unlocking];
