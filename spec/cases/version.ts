/** VERSION: order, conditions, and who changes it. */
import { ask, del, found, get, MISS, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { OperationName } from '../../protocol/operations.ts';
import type { Request, Step } from '../step.ts';

const version = area({ profile: 'standard' });
const DETAIL = { flags: ['DETAIL'] } as const;

const saveAs = (name: string): { status: number; save: Record<string, 'version'> } => ({
  status: 200,
  save: { [name]: 'version' },
});

/** The writes that take VERSION, each with what else it needs. */
const CONDITIONAL: readonly (readonly [OperationName, Partial<Request>, string])[] = [
  ['SET', { value: '5' }, '5'],
  ['REPLACE', { value: '5' }, '5'],
  ['APPEND', { value: '5' }, '15'],
  ['PREPEND', { value: '5' }, '51'],
  ['INCREMENT', { number: 4 }, '5'],
];

const conditional = (op: OperationName, more: Partial<Request>, expected: Step): Step[] => [
  ask(set('k', '1', DETAIL), saveAs('v')),
  ask(request(op, 'k', { ...more, version: { ref: 'v', plus: 1 } }), { status: 409 }),
  ask(request(op, 'k', { ...more, version: { ref: 'v', plus: -1 } }), { status: 409 }),
  ask(request(op, 'k', { ...more, version: 0 }), { status: 409 }),
  ask(request(op, 'k', { ...more, version: '18446744073709551615' }), { status: 409 }),
  ask(get('k', DETAIL), found('1', { version: { ref: 'v' } })),
  ask(request(op, 'k', { ...more, version: { ref: 'v' } })),
  expected,
  ask(request(op, 'none', { ...more, version: { ref: 'v' } }), MISS),
];

export const versionCases: readonly Case[] = [
  ...CONDITIONAL.map(([op, more, value]) =>
    version({
      id: `version.condition-of-${op.toLowerCase()}`,
      clauses: ['VERSION-2', 'STATUS-3'],
      why: `Two clients that read, change and write back: without the condition in ${op} one of them is overwritten unseen.`,
      steps: [
        ...conditional(op, more, ask(get('k', DETAIL), found(value, { version: { above: 'v' } }))),
        ask(request(op, 'k', { ...more, version: { ref: 'v' } }), { status: 409 }),
      ],
    }),
  ),
  version({
    id: 'version.condition-of-touch',
    clauses: ['VERSION-2', 'VERSION-1'],
    why: 'A lease is renewed only by whoever still holds what it read.',
    steps: conditional(
      'TOUCH',
      { ttl: 600_000 },
      ask(get('k', DETAIL), found('1', { version: { ref: 'v' }, ttl: { min: 500_000, max: 600_000 } })),
    ),
  }),
  version({
    id: 'version.condition-of-delete',
    clauses: ['VERSION-2', 'DELETE-1'],
    why: 'Deleting what was read, and not what came since, is how a lock by ADD is given back.',
    steps: conditional('DELETE', {}, ask(get('k'), MISS)),
  }),
  version({
    id: 'version.of-a-missing-item-is-404',
    clauses: ['VERSION-2'],
    why: 'A client tells by 404 or 409 whether it has to create or to read again.',
    steps: [
      ask(set('k', 'v', { version: 0 }), MISS),
      ask(set('k', 'v', { version: 1 }), MISS),
      ask(get('k'), MISS),
      ask(set('k', 'v', DETAIL), saveAs('v')),
      ask(del('k')),
      ask(set('k', 'w', { version: { ref: 'v' } }), MISS),
      ask(get('k'), MISS),
    ],
  }),
  version({
    id: 'version.grows-with-every-write',
    clauses: ['VERSION-1', 'VERSION-3'],
    why: 'A version that is given twice lets a stale write through.',
    steps: [
      ask(set('k', '1', DETAIL), saveAs('a')),
      ask(set('k', '1', DETAIL), { status: 200, version: { above: 'a' }, save: { b: 'version' } }),
      ask(request('REPLACE', 'k', { value: '1', ...DETAIL }), {
        status: 200,
        version: { above: 'b' },
        save: { c: 'version' },
      }),
      ask(request('APPEND', 'k', { value: '', ...DETAIL }), {
        status: 200,
        version: { above: 'c' },
        save: { d: 'version' },
      }),
      ask(request('PREPEND', 'k', { value: '', ...DETAIL }), {
        status: 200,
        version: { above: 'd' },
        save: { e: 'version' },
      }),
      ask(request('INCREMENT', 'k', { number: 0, ...DETAIL }), {
        status: 200,
        version: { above: 'e' },
        save: { f: 'version' },
      }),
      ask(request('ADD', 'other', { value: '1', ...DETAIL }), {
        status: 200,
        version: { above: 'f' },
        save: { g: 'version' },
      }),
      ask(request('INCREMENT', 'third', { value: '1', ...DETAIL }), {
        status: 200,
        version: { above: 'g' },
        save: { h: 'version' },
      }),
      ask(get('k', DETAIL), found('1', { version: { ref: 'f' } })),
      ask(get('third', DETAIL), found('1', { version: { ref: 'h' } })),
    ],
  }),
  version({
    id: 'version.grows-over-all-items',
    clauses: ['VERSION-1'],
    why: 'A counter for each item starts again after a DELETE: an old VERSION fits the new item.',
    steps: [
      ask(set('a', '1', DETAIL), saveAs('a')),
      ask(set('b', '1', DETAIL), { status: 200, version: { above: 'a' }, save: { b: 'version' } }),
      ask(del('a')),
      ask(set('a', '2', DETAIL), { status: 200, version: { above: 'b' } }),
      ask(set('a', '3', { version: { ref: 'a' } }), { status: 409 }),
    ],
  }),
  version({
    id: 'version.grows-over-all-connections',
    clauses: ['VERSION-1'],
    why: 'Versions that each worker gives for itself overlap.',
    steps: [
      { ask: set('k', '1', DETAIL), expect: saveAs('a'), on: 'a' },
      { ask: set('k', '2', DETAIL), expect: { status: 200, version: { above: 'a' }, save: { b: 'version' } }, on: 'b' },
      { ask: set('k', '3', DETAIL), expect: { status: 200, version: { above: 'b' } }, on: 'a' },
    ],
  }),
  version({
    id: 'version.kept-by-touch-and-reads',
    clauses: ['VERSION-1'],
    why: 'A TOUCH that changes the version makes every compare-and-swap of a live session fail.',
    steps: [
      ask(set('k', '1', DETAIL), saveAs('v')),
      ask(request('TOUCH', 'k', { ttl: 600_000 })),
      ask(get('k', { ttl: 0 }), found('1')),
      ask(get('k', DETAIL), found('1', { version: { ref: 'v' } })),
    ],
  }),
  version({
    id: 'version.kept-by-locks',
    clauses: ['VERSION-1'],
    also: ['locks'],
    why: 'Locking is no change of the item.',
    steps: [
      ask(set('k', '1', DETAIL), saveAs('v')),
      ask(request('LOCK', 'k')),
      ask(get('k', DETAIL), found('1', { version: { ref: 'v' } })),
      ask(request('UNLOCK', 'k')),
      ask(get('k', DETAIL), found('1', { version: { ref: 'v' } })),
    ],
  }),
  version({
    id: 'version.kept-by-refused-writes',
    clauses: ['VERSION-1', 'STATUS-3'],
    why: 'An error that still moves the version breaks the next good write.',
    steps: [
      ask(set('k', 'x', { tag: 8, ttl: 600_000, ...DETAIL }), saveAs('v')),
      ask(request('ADD', 'k', { value: 'y' }), { status: 409 }),
      ask(request('INCREMENT', 'k'), { status: 422 }),
      ask(set('k', 'y', { version: 0 }), { status: 409 }),
      ask(request('SET', undefined, { value: 'y' }), { status: 400 }),
      ask(get('k', DETAIL), found('x', { tag: 8, version: { ref: 'v' }, ttl: { min: 500_000, max: 600_000 } })),
    ],
  }),
];
