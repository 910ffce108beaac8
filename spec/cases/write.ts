/** ADD, REPLACE, APPEND, PREPEND, and what SET keeps and does not keep. */
import { ask, del, found, get, MISS, OK, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { Request } from '../step.ts';

const write = area({ profile: 'standard' });
const DETAIL = { flags: ['DETAIL'] } as const;
const LONG = { min: 500_000, max: 600_000 } as const;

const add = (key: string, value: string, more: Partial<Request> = {}): Request =>
  request('ADD', key, { value, ...more });
const replace = (key: string, value: string, more: Partial<Request> = {}): Request =>
  request('REPLACE', key, { value, ...more });
const append = (key: string, value: string, more: Partial<Request> = {}): Request =>
  request('APPEND', key, { value, ...more });
const prepend = (key: string, value: string, more: Partial<Request> = {}): Request =>
  request('PREPEND', key, { value, ...more });

const sets: readonly Case[] = [
  write({
    id: 'set.keeps-nothing-of-the-old',
    clauses: ['SET-1', 'GET-2'],
    why: 'A session that is set again without a TTL would still die with the old one; an old TAG makes clients decode wrongly.',
    hint: 'the old item’s expiry or TAG survived the SET',
    steps: [
      ask(set('k', 'old', { ttl: 600_000, tag: 7 })),
      ask(set('k', 'new')),
      ask(get('k', DETAIL), found('new', { version: 'any' })),
    ],
  }),
  write({
    id: 'set.ttl-of-zero-never-expires',
    clauses: ['SET-1', 'GET-2'],
    why: 'Zero is "never": a server that takes it for "now" loses the item at once.',
    steps: [ask(set('k', 'v', { ttl: 0 })), ask(get('k', DETAIL), found('v', { version: 'any' }))],
  }),
  write({
    id: 'set.keeps-any-tag',
    clauses: ['SET-1', 'GET-1'],
    why: 'TAG belongs to the clients: all 32 bits, and values that nobody has named yet.',
    steps: [0, 1, 3, 255, 256, 515, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff].flatMap((tag) => [
      ask(set('k', 'v', { tag })),
      ask(get('k'), found('v', tag === 0 ? {} : { tag })),
    ]),
  }),
  write({
    id: 'get.tag-of-zero-is-not-sent',
    clauses: ['GET-1', 'FRAME-6'],
    why: 'A reply’s fields are fixed: four bytes more and the client cuts the value wrongly, or reads it slower.',
    steps: [
      ask(set('k', 'v', { tag: 0 })),
      ask(get('k'), found('v')),
      ask(get('k', DETAIL), found('v', { version: 'any' })),
    ],
  }),
  write({
    id: 'get.detail-tells-version-and-time-left',
    clauses: ['GET-2'],
    why: 'A client that renews a lease needs to know what is left of it; one that compares and swaps needs VERSION.',
    steps: [
      ask(set('k', 'v', { ttl: 600_000, ...DETAIL }), { status: 200, save: { v: 'version' } }),
      ask(get('k', DETAIL), found('v', { version: { ref: 'v' }, ttl: LONG })),
      ask(get('k'), found('v')),
    ],
  }),
];

const adds: readonly Case[] = [
  write({
    id: 'add.creates-what-is-not-there',
    clauses: ['ADD-1'],
    why: 'ADD is the simplest lock there is: it has to do all that SET does.',
    steps: [
      ask(add('k', 'v', { ttl: 600_000, tag: 5, ...DETAIL }), { status: 200, save: { v: 'version' } }),
      ask(get('k', DETAIL), found('v', { tag: 5, ttl: LONG, version: { ref: 'v' } })),
    ],
  }),
  write({
    id: 'add.conflicts-with-what-is-there',
    clauses: ['ADD-1', 'STATUS-3'],
    why: 'An ADD that overwrites gives the lock to two.',
    steps: [
      ask(set('k', 'v', { ttl: 600_000, tag: 5, ...DETAIL }), { status: 200, save: { v: 'version' } }),
      ask(add('k', 'w'), { status: 409 }),
      ask(add('k', '', { ttl: 1, tag: 6 }), { status: 409 }),
      ask(get('k', DETAIL), found('v', { tag: 5, ttl: LONG, version: { ref: 'v' } })),
    ],
  }),
  write({
    id: 'add.after-delete',
    clauses: ['ADD-1', 'DELETE-1'],
    why: 'A deleted item is not there; an empty one is.',
    steps: [
      ask(set('k', '')),
      ask(add('k', 'v'), { status: 409 }),
      ask(del('k')),
      ask(add('k', 'v')),
      ask(get('k'), found('v')),
    ],
  }),
  write({
    id: 'replace.needs-an-item',
    clauses: ['REPLACE-1'],
    why: 'A REPLACE that creates brings back what was just deleted.',
    steps: [
      ask(replace('k', 'v'), MISS),
      ask(get('k'), MISS),
      ask(set('k', 'v')),
      ask(replace('k', 'w')),
      ask(get('k'), found('w')),
    ],
  }),
  write({
    id: 'replace.keeps-nothing-of-the-old',
    clauses: ['REPLACE-1', 'SET-1'],
    why: 'REPLACE is a SET with a condition, not an update: TAG and expiry are new as well.',
    steps: [
      ask(set('k', 'v', { ttl: 600_000, tag: 5 })),
      ask(replace('k', 'w', DETAIL), { status: 200, save: { v: 'version' } }),
      ask(get('k', DETAIL), found('w', { version: { ref: 'v' } })),
      ask(replace('k', 'x', { ttl: 600_000, tag: 6 })),
      ask(get('k', DETAIL), found('x', { version: { above: 'v' }, tag: 6, ttl: LONG })),
    ],
  }),
];

const appends: readonly Case[] = [
  write({
    id: 'append.behind-and-prepend-before',
    clauses: ['APPEND-1'],
    why: 'Logs and lists are built so; the wrong end, or a copy too many, corrupts them.',
    steps: [
      ask(set('k', 'b')),
      ask(append('k', 'c')),
      ask(prepend('k', 'a')),
      ask(get('k'), found('abc')),
      ask(append('k', '')),
      ask(prepend('k', '')),
      ask(get('k'), found('abc')),
    ],
  }),
  write({
    id: 'append.needs-an-item',
    clauses: ['APPEND-1'],
    why: 'An APPEND that creates makes a list without its head.',
    steps: [ask(append('k', 'v'), MISS), ask(prepend('k', 'v'), MISS), ask(get('k'), MISS)],
  }),
  write({
    id: 'append.keeps-tag-and-expiry',
    clauses: ['APPEND-1'],
    why: 'An APPEND that drops the expiry keeps a log for ever; one that drops TAG makes it unreadable.',
    steps: [
      ask(set('k', 'b', { ttl: 600_000, tag: 5, ...DETAIL }), { status: 200, save: { v: 'version' } }),
      ask(append('k', 'c')),
      ask(prepend('k', 'a')),
      ask(get('k', DETAIL), found('abc', { tag: 5, ttl: LONG, version: { above: 'v' } })),
    ],
  }),
  write({
    id: 'append.takes-any-bytes',
    clauses: ['APPEND-1', 'VALUE-1'],
    why: 'Halves of a character, put together in two steps, are one again.',
    steps: [
      ask(set('k', { hex: '00c3' })),
      ask(request('APPEND', 'k', { value: { hex: 'a9ff00' } })),
      ask(request('PREPEND', 'k', { value: { hex: 'fe' } })),
      ask(get('k'), found({ hex: 'fe00c3a9ff00' })),
    ],
  }),
  write({
    id: 'append.to-an-empty-value',
    clauses: ['APPEND-1'],
    why: 'An empty value is there: this is no 404.',
    steps: [ask(set('k', '')), ask(append('k', 'v'), OK), ask(get('k'), found('v'))],
  }),
];

export const writeCases: readonly Case[] = [...sets, ...adds, ...appends];
