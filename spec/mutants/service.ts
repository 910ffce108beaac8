/** Mutants of what a server says of itself: HELLO, STATS, META, PING, QUIT, RESET, profiles. */
import { FLAG, OPCODE, RequestFrame, STATUS } from '../../protocol/index.ts';
import type { Store } from '../../server/index.ts';
import { answerTo, editEntries, editReply, envelopeOf, isJson, keyIn, replyOf, valueIn } from '../subjects/bodies.ts';
import { allUnder, altered, blank, find, has, KEYED, keyed } from '../subjects/stores.ts';
import type { Mutant } from '../subjects/subject.ts';
import { isOperation } from '../subjects/wire.ts';
import { claims, replies } from '../subjects/wires.ts';

type Pairs = Map<string, string>;

const without =
  (name: string) =>
  (entries: Pairs): Pairs => {
    entries.delete(name);
    return entries;
  };

const saying =
  (name: string, change: (value: string) => string) =>
  (entries: Pairs): Pairs =>
    entries.set(name, change(entries.get(name) ?? ''));

const greetings: readonly Mutant[] = [
  {
    name: 'hello-without-max-frame',
    clause: 'HELLO-1',
    about: 'HELLO does not tell max-frame.',
    wire: claims(without('max-frame')),
  },
  {
    name: 'max-frame-is-too-small',
    clause: 'HELLO-1',
    about: 'max-frame is max-value, so that no key fits in with it.',
    wire: claims((entries) => entries.set('max-frame', entries.get('max-value') ?? '')),
  },
  {
    name: 'protocol-1-0',
    clause: 'HELLO-1',
    about: 'protocol is "1.0".',
    wire: claims(saying('protocol', () => '1.0')),
  },
  {
    name: 'hello-is-needed',
    clause: 'HELLO-1',
    about: 'Before HELLO everything gets 400.',
    wire: (link) => {
      let isKnown = false;
      return {
        request: (body) => {
          isKnown ||= isOperation(body, 'HELLO');
          if (isKnown || isOperation(body, 'AUTH')) return body;
          return link.answer(isJson(body) ? envelopeOf({ status_code: 400 }) : answerTo(body, STATUS.BAD_REQUEST));
        },
      };
    },
  },
  {
    name: 'entries-with-the-value-first',
    clause: 'ENTRY-1',
    about: 'An entry’s value comes before its key.',
    wire: claims((entries) => [...entries].map(([key, value]) => [value, key] as const)),
  },
  {
    name: 'entries-with-little-endian-lengths',
    clause: 'ENTRY-1',
    about: 'The lengths in entries have their lowest byte first.',
    wire: () => ({
      reply: (body, request) =>
        isOperation(request, 'KEYS')
          ? editReply(body, (reply) => {
              const value = valueIn(reply);
              if (reply.status < STATUS.BAD_REQUEST)
                reply.setValue(Buffer.concat([value.subarray(0, 2).toReversed(), value.subarray(2)]));
            })
          : body,
    }),
  },
  {
    name: 'pong',
    clause: 'PING-1',
    about: 'PING is always answered with PONG.',
    wire: replies((reply, request) => {
      if (request?.opcode === OPCODE.PING) reply.setValue(Buffer.from('PONG'));
    }),
  },
  {
    name: 'quit-is-not-answered',
    clause: 'QUIT-1',
    about: 'QUIT closes without a reply.',
    wire: () => ({ reply: (body, request) => (isOperation(request, 'QUIT') ? [] : body) }),
  },
  {
    name: 'quit-does-not-close',
    clause: 'QUIT-1',
    about: 'QUIT is answered, and the connection stays.',
    hangs: true,
    wire: (link) => ({
      request: (body) =>
        isOperation(body, 'QUIT') && body.length === 8 ? link.answer(answerTo(body, STATUS.OK)) : body,
    }),
  },
  {
    name: 'sync-is-claimed-and-unknown',
    clause: 'SYNC-1',
    about: 'durable stands among the profiles, and SYNC gets 405.',
    wire: claims(saying('profiles', (names) => `${names} durable`)),
  },
  {
    name: 'everything-is-offered-and-core-claimed',
    clause: 'PROFILE-1',
    about: 'HELLO claims core alone, and all the rest is carried out too.',
    wire: claims(saying('profiles', () => 'core')),
  },
  {
    name: 'json-is-refused-in-binary',
    clause: 'PROFILE-1',
    about: 'Where JSON is not claimed, an envelope gets a binary 405.',
    options: { profiles: ['core', 'standard'] },
    wire: () => ({ reply: (body) => (isJson(body) ? answerTo(Buffer.alloc(8), STATUS.UNKNOWN_OPCODE) : body) }),
  },
  {
    name: 'prefix-is-claimed-without-standard',
    clause: 'PROFILE-1',
    about: 'HELLO claims prefix, but not standard.',
    wire: claims(saying('profiles', (names) => names.replace('standard ', ''))),
  },
];

const insights: readonly Mutant[] = [
  {
    name: 'stats-without-evictions',
    clause: 'STATS-1',
    about: 'STATS has no evictions.',
    wire: claims(without('evictions'), OPCODE.STATS),
  },
  {
    name: 'stats-stand-still',
    clause: 'STATS-1',
    about: 'hits and misses are always 0, which the contract does not forbid in so many words.',
    advice: true,
    wire: claims((entries) => entries.set('hits', '0').set('misses', '0'), OPCODE.STATS),
  },
  {
    name: 'items-are-never-fewer',
    clause: 'STATS-1',
    about: 'items counts what was ever set.',
    wire: (link) => ({
      reply: (body, request) => {
        if (!isOperation(request, 'STATS') || replyOf(body)?.status !== STATUS.OK) return body;
        return editEntries(body, (entries) => {
          const most = Math.max(Number(entries.get('items')), Number(link.host.memory.get('items') ?? 0));
          link.host.memory.set('items', most);
          return entries.set('items', `${most}`);
        });
      },
    }),
  },
  {
    name: 'size-in-characters',
    clause: 'META-1',
    about: 'size is the number of characters.',
    store: (base) => ({
      meta: (request) => {
        const meta = base.meta(request);
        const [entry] = allUnder(base, keyIn(request));
        return meta && { ...meta, sizeBytes: entry?.[1].toString().length ?? 0 };
      },
    }),
  },
  {
    name: 'ttl-is-what-is-left',
    clause: 'META-1',
    about: 'ttl counts down, as left does.',
    store: (base) => ({
      meta: (request) => {
        const meta = base.meta(request);
        return meta && { ...meta, ttlMs: meta.leftMs };
      },
    }),
  },
  {
    name: 'meta-never-expires',
    clause: 'META-1',
    about: 'ttl and left of an item without expiry are 0.',
    store: (base) => ({
      meta: (request) => {
        const meta = base.meta(request);
        return meta && { ...meta, ttlMs: Math.max(0, meta.ttlMs), leftMs: Math.max(0, meta.leftMs) };
      },
    }),
  },
  {
    name: 'meta-hides-locks',
    clause: 'META-1',
    about: 'lock is always 0.',
    store: (base) => ({
      meta: (request) => {
        const meta = base.meta(request);
        return meta && { ...meta, lockMs: 0 };
      },
    }),
  },
  {
    name: 'times-in-milliseconds',
    clause: 'META-1',
    about: 'created and accessed are milliseconds.',
    store: (base) => ({
      meta: (request) => {
        const meta = base.meta(request);
        return meta && { ...meta, createdMs: meta.createdMs * 1000, accessedMs: meta.accessedMs * 1000 };
      },
    }),
  },
];

/** A request of nothing yet, for the items that RESET goes over. */
const one = (key: Buffer): RequestFrame => keyed(new RequestFrame(), key);

const resets: readonly Mutant[] = [
  {
    name: 'reset-leaves-locked-items',
    clause: 'RESET-1',
    about: 'RESET passes over what is locked.',
    store: (base) => ({
      reset: () => {
        for (const [key] of allUnder(base, Buffer.alloc(0))) base.delete(one(key), blank());
      },
    }),
  },
  {
    name: 'reset-leaves-one',
    clause: 'RESET-1',
    about: 'RESET forgets the item with the highest key.',
    store: (base) => ({
      reset: () => {
        for (const [key] of allUnder(base, Buffer.alloc(0)).slice(0, -1)) {
          base.unlock(one(key), blank());
          base.delete(one(key), blank());
        }
      },
    }),
  },
  {
    name: 'reset-starts-versions-anew',
    clause: 'RESET-1',
    about: 'After a RESET versions go on from 1.',
    store: (base) => {
      let given = 0;
      let before = 0;
      const shifted = (name: (typeof KEYED)[number]): Store[typeof name] => {
        return (request, reply) => {
          base[name](altered(request, { version: request.version + before }), reply);
          given = Math.max(given, find(base, request)?.version ?? 0);
          if (has(reply, FLAG.VERSION)) reply.version -= before;
        };
      };
      const reset: Store['reset'] = (request, reply) => {
        base.reset(request, reply);
        before = given;
      };
      return { ...Object.fromEntries(KEYED.map((name) => [name, shifted(name)])), reset };
    },
  },
];

export const serviceMutants: readonly Mutant[] = [...greetings, ...insights, ...resets];
