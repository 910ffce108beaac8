/** META, what it tells of an item, and how entries are written (META-1, ENTRY-1). */
import { ask, del, found, get, MISS, OK, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { CaseContext } from '../context.ts';
import type { Key, Step } from '../step.ts';
import { entriesToTexts, parseEntries } from '../wire/entries.ts';

const meta = area({ profile: 'insight', clauses: ['META-1'] });

const DETAIL = { flags: ['DETAIL'] } as const;
/** Seconds since 1970, from 2001 to 2286: milliseconds would have more digits. */
const SECONDS = '/[1-9][0-9]{9}/';
/** A whole number of milliseconds up to 600 000, with so much gone as a slow run may take. */
const NEARLY_600_S = '/600000|5[0-9]{5}/';
const NEARLY_300_S = '/300000|2[0-9]{5}/';

const metaOf = (includes: Readonly<Record<string, string>>, key: Key = 'k'): Step =>
  ask(request('META', key), { status: 200, includes });

async function read(context: CaseContext, key: Key = 'k'): Promise<(name: string) => bigint> {
  const reply = await context.exchange(request('META', key));
  const texts = entriesToTexts(parseEntries(reply.value).entries);
  return (name) => {
    const text = texts.get(name) ?? '';
    return /^-?[0-9]+$/.test(text) ? BigInt(text) : context.fail(`${name} in decimal digits`, text || 'no such entry');
  };
}

const plain: readonly Case[] = [
  meta({
    id: 'meta.has-its-entries',
    clauses: ['META-1', 'ENTRY-1'],
    why: 'Whoever looks at one key in the night needs all of it; 0 in place of -1 says "about to go" for "never".',
    steps: [
      ask(set('k', 'bar')),
      metaOf({
        size: '3',
        tag: '0',
        version: '/[1-9][0-9]{0,15}/',
        created: SECONDS,
        accessed: SECONDS,
        ttl: '-1',
        left: '-1',
        lock: '0',
      }),
    ],
  }),
  meta({
    id: 'meta.of-nothing-is-404',
    clauses: ['META-1', 'KEY-1'],
    why: 'Entries full of zeros for an item that is not there would be believed.',
    steps: [
      ask(request('META', 'k'), MISS),
      ask(set('k', 'v')),
      ask(request('META', 'k2'), MISS),
      ask(del('k')),
      ask(request('META', 'k'), MISS),
    ],
  }),
  meta({
    id: 'meta.size-is-in-bytes',
    why: 'Sizes in characters, or with the server’s own overhead, add up to no memory that anybody sees.',
    steps: [
      ask(set('k', '')),
      metaOf({ size: '0' }),
      ask(set('k', 'é😀')),
      metaOf({ size: '6' }),
      ask(set('k', { hex: '00ff00' })),
      metaOf({ size: '3' }),
      ask(set('k', { fill: 1024 })),
      metaOf({ size: '1024' }),
    ],
  }),
  meta({
    id: 'meta.times-are-in-order',
    why: 'Times in milliseconds, or from a clock that counts since the start, make every item look ages old or new.',
    run: async (context) => {
      await context.ask(set('k', 'v'), OK);
      await context.ask(get('k'), found('v'));
      const entry = await read(context);
      if (entry('accessed') < entry('created')) {
        context.fail('accessed not before created', `created ${entry('created')}, accessed ${entry('accessed')}`);
      }
      await context.ask(set('later', 'v'), OK);
      const later = await read(context, 'later');
      if (later('created') < entry('created')) {
        context.fail(`a later item created at ${entry('created')} or after`, `${later('created')}`);
      }
    },
  }),
];

const standard: readonly Case[] = [
  meta({
    id: 'meta.tells-tag-and-version',
    also: ['standard'],
    clauses: ['META-1', 'VERSION-1'],
    why: 'The version in META is what a compare-and-set is tried with by hand: another number would never match.',
    run: async (context) => {
      for (const tag of [0, 1, 0x7fffffff, 0xffffffff]) {
        const reply = await context.exchange(set('k', 'v', { tag, ...DETAIL }));
        const entry = await read(context);
        if (entry('tag') !== BigInt(tag)) context.fail(`tag ${tag}`, `${entry('tag')}`);
        if (entry('version') !== reply.fields.version) {
          context.fail(`version ${reply.fields.version}, as SET told`, `${entry('version')}`);
        }
      }
    },
  }),
  meta({
    id: 'meta.ttl-as-set-and-time-left',
    also: ['standard'],
    clauses: ['META-1', 'TOUCH-1', 'SET-1'],
    why: 'Both are needed to see whether something keeps an item alive; a TTL that counts down tells neither.',
    steps: [
      ask(set('k', 'v', { ttl: 600_000 })),
      metaOf({ ttl: '600000', left: NEARLY_600_S }),
      ask(request('TOUCH', 'k', { ttl: 300_000 })),
      metaOf({ ttl: '300000', left: NEARLY_300_S }),
      ask(request('TOUCH', 'k', { ttl: 0 })),
      metaOf({ ttl: '-1', left: '-1' }),
      ask(get('k', { ttl: 600_000 }), found('v')),
      metaOf({ ttl: '600000', left: NEARLY_600_S }),
      ask(request('REPLACE', 'k', { value: 'w' })),
      metaOf({ ttl: '-1', left: '-1' }),
      ask(set('k', 'v', { ttl: 600_000 })),
      ask(set('k', 'v', { ttl: 0 })),
      metaOf({ ttl: '-1', left: '-1' }),
    ],
  }),
  meta({
    id: 'meta.ttl-stays-through-changes-of-the-value',
    also: ['standard'],
    clauses: ['META-1', 'APPEND-1', 'INCREMENT-4'],
    why: 'Counters and logs with a TTL: a change that forgets it keeps them for ever.',
    steps: [
      ask(set('k', '1', { ttl: 600_000, tag: 5 })),
      ask(request('INCREMENT', 'k', { number: 9 }), { status: 200, number: 10 }),
      metaOf({ size: '2', tag: '5', ttl: '600000', left: NEARLY_600_S }),
      ask(request('APPEND', 'k', { value: 'abc' })),
      ask(request('PREPEND', 'k', { value: 'd' })),
      metaOf({ size: '6', tag: '5', ttl: '600000', left: NEARLY_600_S }),
      ask(request('INCREMENT', 'new', { value: '7', ttl: 300_000 }), { status: 200, number: 7 }),
      metaOf({ size: '1', tag: '0', ttl: '300000', left: NEARLY_300_S }, 'new'),
    ],
  }),
  meta({
    id: 'meta.changes-nothing',
    also: ['standard'],
    clauses: ['META-1', 'VERSION-1'],
    why: 'To look at an item must not prolong it, nor make somebody’s compare-and-set fail.',
    steps: [
      ask(set('k', 'v', { ttl: 600_000, tag: 3, ...DETAIL }), { status: 200, save: { v: 'version' } }),
      metaOf({ size: '1' }),
      metaOf({ size: '1' }),
      ask(get('k', DETAIL), found('v', { tag: 3, version: { ref: 'v' }, ttl: { min: 1, max: 600_000 } })),
    ],
  }),
  meta({
    id: 'meta.of-an-expired-item-is-404',
    also: ['standard'],
    clauses: ['META-1', 'EXPIRY-1'],
    why: 'Expiry that happens when an item is read is forgotten where it is only looked at.',
    steps: [ask(set('k', 'v', { ttl: 30 })), { until: request('META', 'k'), expect: MISS }, ask(get('k'), MISS)],
  }),
];

const locks: readonly Case[] = [
  meta({
    id: 'meta.tells-of-the-lock',
    also: ['standard', 'locks'],
    clauses: ['META-1', 'LOCK-1', 'LOCK-5'],
    why: 'A lock without end that shows as 0 is the one that nobody finds while everything waits for it.',
    steps: [
      ask(set('k', 'v')),
      metaOf({ lock: '0' }),
      ask(request('LOCK', 'k'), { status: 200, save: { t: 'token' } }),
      metaOf({ lock: '-1', ttl: '-1', left: '-1' }),
      ask(request('LOCK', 'k', { ttl: 600_000, token: { ref: 't' } })),
      metaOf({ lock: NEARLY_600_S, ttl: '-1', left: '-1' }),
      ask(request('LOCK', 'k', { ttl: 0, token: { ref: 't' } })),
      metaOf({ lock: '-1' }),
      ask(request('UNLOCK', 'k', { token: { ref: 't' } })),
      metaOf({ lock: '0' }),
    ],
  }),
  meta({
    id: 'meta.lock-ends-with-its-time',
    also: ['standard', 'locks'],
    clauses: ['META-1', 'LOCK-1'],
    why: 'A time that is over shown as -1, or below 0, says that the item is locked for ever.',
    steps: [
      ask(set('k', 'v', { ttl: 600_000 })),
      ask(request('LOCK', 'k', { ttl: 30 })),
      { until: request('META', 'k'), expect: { status: 200, includes: { lock: '0', left: NEARLY_600_S } } },
      ask(set('k', 'w')),
    ],
  }),
  meta({
    id: 'meta.of-a-locked-item',
    also: ['standard', 'locks'],
    clauses: ['LOCK-4', 'META-1'],
    why: 'META is a read: refused with 423, it would hide the very lock that one looks for.',
    steps: [
      ask(set('k', 'v', { ttl: 600_000, tag: 2, ...DETAIL }), { status: 200, save: { v: 'version' } }),
      ask(request('LOCK', 'k')),
      ask(request('META', 'k'), { status: 200, includes: { size: '1', tag: '2', ttl: '600000', lock: '-1' } }, 'other'),
      ask(get('k', DETAIL), found('v', { tag: 2, version: { ref: 'v' }, ttl: { min: 1, max: 600_000 } }), 'other'),
    ],
  }),
];

export const metaCases: readonly Case[] = [...plain, ...standard, ...locks];
