/**
 * Several connections at once: each request takes effect at one moment between sending and reply (CONSISTENT-1), a
 * prefix request on each item for itself (CONSISTENT-2). The checks are sums that come out only if no request was lost,
 * done twice, or done in two halves; they hold for every legal order, so that how fast a server is does not matter.
 */
import { ask, found, get, MISS, OK, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { JSON_OK, jsonFound, jsonGet, jsonSet } from '../json-actions.ts';
import { describeIncoming } from '../match.ts';
import type { Piece } from '../step.ts';
import type { BinaryReply } from '../wire/reply.ts';

const consistent = area({ profile: 'core', clauses: ['CONSISTENT-1'], deadlineMs: 30_000 });

const WORKERS = 8;
const names = Array.from({ length: WORKERS }, (_, index) => `c${index}`);

/** Runs the same on every connection at once; each is open before any begins. */
async function together<Result>(
  context: CaseContext,
  work: (name: string, index: number) => Promise<Result>,
): Promise<Result[]> {
  for (const name of names) await context.connection(name);
  return Promise.all(names.map(work));
}

/** On every connection at once: all its requests in one write, and their replies, each with one of these statuses. */
async function race(
  context: CaseContext,
  statuses: readonly number[],
  piecesOf: (name: string, index: number) => readonly Piece[],
): Promise<BinaryReply[][]> {
  return together(context, async (name, index) => {
    const pieces = piecesOf(name, index);
    await context.send(pieces, name);
    const replies: BinaryReply[] = [];
    for (const _ of pieces) {
      const came = await context.recv({ status: statuses }, name);
      if (came.kind === 'binary') replies.push(came);
    }
    return replies;
  });
}

const times = <Item>(count: number, make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index));

const numbersOf = (replies: readonly BinaryReply[]): bigint[] => replies.map(({ fields }) => fields.number ?? 0n);
const sum = (numbers: readonly bigint[]): bigint => numbers.reduce((total, each) => total + each, 0n);

const plain: readonly Case[] = [
  consistent({
    id: 'consistent.read-after-write-on-another-connection',
    kills: ['I2'],
    why: 'Instances, caches or copies that lag behind: a user saves, reloads on another connection, and sees the old page.',
    run: async (context) => {
      for (let round = 0; round < 60; round += 1) {
        const [writer, reader] = round % 2 === 0 ? ['x', 'y'] : ['y', 'x'];
        await context.ask(set('k', `round ${round}`), OK, writer);
        await context.ask(get('k'), found(`round ${round}`), reader);
        if (round % 3 !== 0) continue;
        await context.ask(request('DELETE', 'k'), OK, writer);
        await context.ask(get('k'), MISS, reader);
      }
    },
  }),
  consistent({
    id: 'consistent.read-after-write-across-the-dialects',
    profile: 'json',
    clauses: ['CONSISTENT-1', 'JSON-6'],
    kills: ['I2'],
    why: 'A cache in front of one dialect goes stale when the other writes.',
    steps: times(20, (round) => [
      ask(set('k', `binary ${round}`), OK, 'x'),
      ask(jsonGet('k'), jsonFound(`"binary ${round}"`), 'y'),
      ask(jsonSet('k', `"json ${round}"`), JSON_OK, 'y'),
      ask(get('k'), found(`json ${round}`, { tag: 1 }), 'x'),
    ]).flat(),
  }),
  consistent({
    id: 'consistent.a-value-is-never-torn',
    clauses: ['CONSISTENT-1', 'VALUE-1'],
    why: 'A value that is copied while it is written is half of one and half of another: no checksum of the client fits.',
    run: async (context) => {
      const bytes = 1000;
      const letters = 'abcdefgh';
      await context.ask(set('k', letters.charAt(0).repeat(bytes)), OK);
      const all = await race(context, [200], (_, index) => {
        const write = set('k', letters.charAt(index).repeat(bytes));
        return times(60, (at) => (index % 2 === 0 || at % 4 === 0 ? write : get('k')));
      });
      for (const { value } of all.flat()) {
        const text = value.toString('latin1');
        if (text === '' || (text.length === bytes && text === text.charAt(0).repeat(bytes))) continue;
        const observed = `${text.length} bytes: ${[...new Set(text)].join('')}`;
        context.fail(`${bytes} times one letter, as each SET wrote it`, observed);
      }
    },
  }),
  consistent({
    id: 'consistent.reads-do-not-go-back-in-time',
    why: 'A counter that is seen to fall, a message that was there and is not: copies that are read in turn do this.',
    run: async (context) => {
      const last = 150;
      let written = 0;
      await context.ask(set('k', '0'), OK, 'writer');
      await together(context, async (name, index) => {
        if (index === 0) {
          for (; written < last; written += 1) await context.ask(set('k', `${written + 1}`), OK, 'writer');
          return;
        }
        let seen = 0;
        while (seen < last && !context.signal.aborted) {
          // What has been answered before the request is the least that a reply to it may tell.
          const least = Math.max(seen, written);
          const came = (await context.exchange(get('k'), name)).value.toString();
          if (!/^[0-9]+$/.test(came) || Number(came) < least) {
            context.fail(`${least} or a later value`, JSON.stringify(came));
          }
          seen = Number(came);
        }
      });
    },
  }),
  consistent({
    id: 'consistent.one-delete-wins',
    clauses: ['CONSISTENT-1', 'DELETE-1'],
    why: 'Workers take jobs by deleting them: if two DELETEs succeed, a payment is made twice.',
    run: async (context) => {
      const keys = times(20, (index) => `job${index}`);
      for (const key of keys) await context.ask(set(key, 'v'), OK);
      const all = await race(context, [200, 404], () => keys.map((key) => request('DELETE', key)));
      for (const [at, key] of keys.entries()) winners(context, `DELETE of ${key}`, all, at);
    },
  }),
];

/** Demands that of the requests at one place exactly one succeeded. */
function winners(context: CaseContext, what: string, all: readonly (readonly BinaryReply[])[], at: number): void {
  const won = all.filter((replies) => replies[at]?.status === 200).length;
  if (won !== 1) context.fail(`one ${what} of ${all.length} to succeed`, `${won} did`);
}

const standard: readonly Case[] = [
  consistent({
    id: 'consistent.increments-add-up',
    also: ['standard'],
    clauses: ['CONSISTENT-1', 'INCREMENT-1'],
    why: 'Read, add, write with a gap between: visits are lost when they are many, and ids are given twice.',
    run: async (context) => {
      const each = 50;
      await context.ask(set('k', '0'), OK);
      const all = await race(context, [200], () => times(each, () => request('INCREMENT', 'k')));
      await context.ask(get('k'), found(`${WORKERS * each}`));
      const numbers = all.flatMap(numbersOf);
      if (new Set(numbers).size !== numbers.length) context.fail('no number twice', numbers.join(' '));
      for (const replies of all) {
        const own = numbersOf(replies);
        if (own.some((number, at) => at > 0 && number <= (own[at - 1] ?? 0n))) {
          context.fail('numbers that grow on each connection', own.join(' '));
        }
      }
    },
  }),
  consistent({
    id: 'consistent.increments-that-create-add-up',
    also: ['standard'],
    clauses: ['CONSISTENT-1', 'INCREMENT-3'],
    why: 'All begin at once with the item missing: two that both create it lose what came in between.',
    run: async (context) => {
      const keys = times(10, (index) => `n${index}`);
      await race(context, [200], () => keys.map((key) => request('INCREMENT', key, { value: '1' })));
      for (const key of keys) await context.ask(get(key), found(`${WORKERS}`));
    },
  }),
  consistent({
    id: 'consistent.one-add-wins',
    also: ['standard'],
    clauses: ['CONSISTENT-1', 'ADD-1'],
    why: 'ADD elects a leader: with two of them both do the nightly work, and neither knows.',
    run: async (context) => {
      const keys = times(20, (index) => `lead${index}`);
      const all = await race(context, [200, 409], (name) => keys.map((key) => request('ADD', key, { value: name })));
      for (const [at, key] of keys.entries()) {
        winners(context, `ADD of ${key}`, all, at);
        const winner = names[all.findIndex((replies) => replies[at]?.status === 200)] ?? '';
        await context.ask(get(key), found(winner));
      }
    },
  }),
  consistent({
    id: 'consistent.compare-and-set-loses-no-update',
    also: ['standard'],
    clauses: ['CONSISTENT-1', 'VERSION-2'],
    why: 'A version that is compared before, and set after, another write takes part: an update is gone without a word.',
    run: async (context) => {
      const each = 10;
      await context.ask(set('k', ''), OK);
      await together(context, async (name, index) => {
        for (let done = 0; done < each && !context.signal.aborted;) {
          const seen = await context.exchange(get('k', { flags: ['DETAIL'] }), name);
          const value = `${seen.value.toString()}${index}`;
          const reply = await context.exchange(set('k', value, { version: `${seen.fields.version ?? 0n}` }), name);
          if (reply.status === 200) done += 1;
          else if (reply.status !== 409) context.fail('200 or 409', describeIncoming(reply));
        }
      });
      const marks = (await context.exchange(get('k'))).value.toString();
      for (const [index] of names.entries()) {
        const count = marks.split(`${index}`).length - 1;
        if (count !== each)
          context.fail(`the mark ${index} of each writer ${each} times`, `${count} times in ${marks}`);
      }
    },
  }),
  consistent({
    id: 'consistent.one-conditional-write-wins',
    also: ['standard'],
    clauses: ['CONSISTENT-1', 'VERSION-2', 'VERSION-1'],
    why: 'All hold the same version: the first write changes it, so that no second one may succeed.',
    run: async (context) => {
      for (let round = 0; round < 15; round += 1) {
        const { fields } = await context.exchange(set('k', 'v', { flags: ['DETAIL'] }));
        const version = `${fields.version ?? 0n}`;
        const all = await race(context, [200, 409], (name) => [set('k', name, { version })]);
        winners(context, 'SET with the same VERSION', all, 0);
        const winner = names[all.findIndex(([reply]) => reply?.status === 200)] ?? '';
        await context.ask(get('k'), found(winner));
      }
    },
  }),
  consistent({
    id: 'consistent.appends-are-all-there',
    also: ['standard'],
    clauses: ['CONSISTENT-1', 'APPEND-1'],
    why: 'A log that several write: lines that are lost, doubled, or cut by each other.',
    run: async (context) => {
      // All of them fit in the 1024 bytes that every server takes.
      const each = 25;
      await context.ask(set('k', ''), OK);
      await race(context, [200], (_, index) =>
        times(each, (at) => request('APPEND', 'k', { value: `${index}.${at};` })),
      );
      const lines = (await context.exchange(get('k'))).value.toString().split(';').slice(0, -1);
      if (lines.length !== WORKERS * each) context.fail(`${WORKERS * each} lines`, `${lines.length}`);
      for (const [index] of names.entries()) {
        const own = lines.filter((line) => line.startsWith(`${index}.`)).join();
        const want = times(each, (at) => `${index}.${at}`).join();
        if (own !== want) context.fail(`the lines of each connection in its order: ${want}`, own);
      }
    },
  }),
  consistent({
    id: 'consistent.versions-are-given-once',
    also: ['standard'],
    clauses: ['VERSION-1', 'CONSISTENT-1'],
    why: 'The same version for two writes makes a stale compare-and-set succeed: the update in between is lost.',
    run: async (context) => {
      const each = 30;
      const all = await race(context, [200], (_, index) =>
        times(each, (at) => set(at % 2 === 0 ? 'k' : `k${index}`, 'v', { flags: ['DETAIL'] })),
      );
      const versions = all.flat().map(({ fields }) => fields.version ?? 0n);
      if (new Set(versions).size !== versions.length) context.fail('no version twice', versions.join(' '));
    },
  }),
];

const prefixes: readonly Case[] = [
  consistent({
    id: 'consistent.prefix-increments-add-up',
    also: ['standard', 'prefix'],
    clauses: ['CONSISTENT-2', 'PREFIX-2', 'CONSISTENT-1'],
    why: 'A prefix request that reads all items and then writes them all undoes what came in between.',
    run: async (context) => {
      const each = 20;
      const keys = times(10, (index) => `p${index}`);
      for (const key of keys) await context.ask(set(key, '0'), OK);
      const all = await race(context, [200], (_, index) =>
        times(each, (at) =>
          index % 2 === 0
            ? request('INCREMENT', 'p', { flags: ['PREFIX'] })
            : request('INCREMENT', `p${at % keys.length}`, {}),
        ),
      );
      const single = (WORKERS / 2) * (each / keys.length);
      for (const key of keys) await context.ask(get(key), found(`${(WORKERS / 2) * each + single}`));
      for (const replies of all.filter((_, index) => index % 2 === 0)) {
        const odd = numbersOf(replies).find((number) => number !== BigInt(keys.length));
        if (odd !== undefined) context.fail(`NUMBER ${keys.length}, as no item came or went`, `${odd}`);
      }
    },
  }),
  consistent({
    id: 'consistent.prefix-deletes-count-each-item-once',
    also: ['standard', 'prefix'],
    clauses: ['CONSISTENT-2', 'PREFIX-2', 'ADD-1'],
    why: 'Items that two prefix DELETEs both count, or that come back behind one, make the numbers of a clean-up wrong.',
    run: async (context) => {
      const each = 30;
      const all = await race(context, [200, 404, 409], (_, index) =>
        times(each, (at) =>
          index % 2 === 0 && at % 3 === 0
            ? request('DELETE', 'p', { flags: ['PREFIX'] })
            : request('ADD', `p${(at * 7 + index) % 12}`, { value: 'v' }),
        ),
      );
      const replies = all.flat().filter(({ status }) => status === 200);
      const created = replies.filter(({ fields }) => fields.number === undefined).length;
      const deleted = sum(numbersOf(replies));
      const { fields } = await context.exchange(request('COUNT', 'p'));
      const left = fields.number ?? 0n;
      if (BigInt(created) === deleted + left) return;
      context.fail(`as many items deleted or left as ADD created: ${created}`, `${deleted} deleted and ${left} left`);
    },
  }),
];

const locks: readonly Case[] = [
  consistent({
    id: 'consistent.one-lock-wins',
    also: ['standard', 'locks'],
    clauses: ['CONSISTENT-1', 'LOCK-2', 'LOCK-1'],
    why: 'Two owners of one lock both write; this is the one thing that a lock is for.',
    run: async (context) => {
      const keys = times(10, (index) => `l${index}`);
      for (const key of keys) await context.ask(set(key, 'v'), OK);
      const all = await race(context, [200, 423], () => keys.map((key) => request('LOCK', key)));
      for (const [at, key] of keys.entries()) winners(context, `LOCK of ${key}`, all, at);
      const tokens = all.flat().flatMap(({ fields }) => fields.token ?? []);
      if (new Set(tokens).size !== keys.length) context.fail('a TOKEN of its own for each lock', tokens.join(' '));
    },
  }),
  consistent({
    id: 'consistent.lock-keeps-others-out',
    also: ['standard', 'locks'],
    clauses: ['CONSISTENT-1', 'LOCK-3', 'LOCK-5'],
    why: 'Whoever holds the lock reads, computes and writes: an update that slips in between is overwritten.',
    run: async (context) => {
      const each = 4;
      await context.ask(set('k', '0'), OK);
      await together(context, async (name) => {
        for (let done = 0; done < each && !context.signal.aborted;) {
          const lock = await context.exchange(request('LOCK', 'k'), name);
          if (lock.status === 423) continue;
          const token = `${lock.fields.token ?? 0n}`;
          const value = Number((await context.exchange(get('k'), name)).value.toString());
          await context.ask(set('k', `${value + 1}`, { token }), OK, name);
          await context.ask(request('UNLOCK', 'k', { token }), OK, name);
          done += 1;
        }
      });
      await context.ask(get('k'), found(`${WORKERS * each}`));
    },
  }),
];

export const consistentCases: readonly Case[] = [...plain, ...standard, ...prefixes, ...locks];
