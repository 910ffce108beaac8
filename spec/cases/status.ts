/** Which error is told, where more than one could be, and that none changes anything (STATUS). */
import { ask, errorBefore, found, get, MISS, OK, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';

const status = area({ profile: 'standard' });
const order = area({ profile: 'standard', clauses: ['STATUS-2'] });
const DETAIL = { flags: ['DETAIL'] } as const;
const LONG = { min: 500_000, max: 600_000 } as const;
const ORDER_WHY = 'Clients act on the first reason: told the wrong one they retry what cannot succeed.';

export const statusCases: readonly Case[] = [
  status({
    id: 'status.each-has-its-meaning',
    clauses: ['STATUS-1'],
    why: 'Statuses are the only thing that a client decides by: 201 for 200, or 500 for 404, sends it the wrong way.',
    steps: [
      ask(set('k', 'v'), { status: 200 }),
      ask(get('none'), { status: 404 }),
      ask(request('GET'), { status: 400 }),
      ask(request(0x06), { status: 405 }),
      ask(request('ADD', 'k', { value: 'w' }), { status: 409 }),
      ask(set('k', 'w', { version: 0 }), { status: 409 }),
      ask(request('INCREMENT', 'k'), { status: 422 }),
    ],
  }),
  status({
    id: 'status.errors-change-nothing',
    clauses: ['STATUS-3'],
    why: 'A write that failed half-way is worse than one that failed: nobody looks at it again.',
    steps: [
      ask(set('k', 'text', { tag: 9, ttl: 600_000, ...DETAIL }), { status: 200, save: { v: 'version' } }),
      ask(request('ADD', 'k', { value: 'x', tag: 1, ttl: 1 }), { status: 409 }),
      ask(set('k', 'x', { version: 0, tag: 1, ttl: 1 }), { status: 409 }),
      ask(request('REPLACE', 'k', { value: 'x', version: 0, tag: 1, ttl: 1 }), { status: 409 }),
      ask(request('APPEND', 'k', { value: 'x', version: 0 }), { status: 409 }),
      ask(request('PREPEND', 'k', { value: 'x', version: 0 }), { status: 409 }),
      ask(request('INCREMENT', 'k', { number: 5, ttl: 1 }), { status: 422 }),
      ask(request('INCREMENT', 'k', { value: 'y' }), { status: 400 }),
      ask(request('TOUCH', 'k', { version: 0, ttl: 1 }), { status: 409 }),
      ask(request('DELETE', 'k', { version: 0 }), { status: 409 }),
      ask(get('k', DETAIL), found('text', { tag: 9, version: { ref: 'v' }, ttl: LONG })),
    ],
  }),
  order({
    id: 'status.400-before-404',
    why: ORDER_WHY,
    steps: [
      ask(request('DELETE', 'none', { ttl: 1 }), errorBefore(400, 404)),
      ask(request('REPLACE', 'none', { value: 'v', number: 1 }), errorBefore(400, 404)),
    ],
  }),
  order({
    id: 'status.400-before-409',
    why: ORDER_WHY,
    steps: [
      ask(set('k', 'v')),
      ask(request('ADD', 'k', { value: 'v', number: 1 }), errorBefore(400, 409)),
      ask(set('k', 'w', { version: 0, number: 1 }), errorBefore(400, 409)),
      ask(get('k'), found('v')),
    ],
  }),
  order({
    id: 'status.413-before-404-and-409',
    needs: ['small-limits'],
    why: ORDER_WHY,
    steps: [
      ask(request('APPEND', 'none', { value: { limit: 'max-value', plus: 1 } }), errorBefore(413, 404)),
      ask(request('REPLACE', 'none', { value: { limit: 'max-value', plus: 1 } }), errorBefore(413, 404)),
      ask(set('k', 'v')),
      ask(request('ADD', 'k', { value: { limit: 'max-value', plus: 1 } }), errorBefore(413, 409)),
      ask(set('k', { limit: 'max-value', plus: 1 }, { version: 0 }), errorBefore(413, 409)),
      ask(get('k'), found('v')),
    ],
  }),
  order({
    id: 'status.409-before-422',
    why: ORDER_WHY,
    steps: [
      ask(set('k', 'text')),
      ask(request('INCREMENT', 'k', { version: 0 }), errorBefore(409, 422)),
      ask(get('k'), found('text')),
    ],
  }),
  order({
    id: 'status.409-before-423-before-422',
    profile: 'locks',
    also: ['standard'],
    why: ORDER_WHY,
    steps: [
      ask(set('k', 'text')),
      ask(request('LOCK', 'k'), { status: 200, token: 'any' }),
      ask(set('k', 'w', { version: 0 }), errorBefore(409, 423)),
      ask(request('TOUCH', 'k', { version: 0 }), errorBefore(409, 423)),
      ask(request('DELETE', 'k', { version: 0 }), errorBefore(409, 423)),
      ask(request('INCREMENT', 'k'), errorBefore(423, 422)),
      ask(get('k'), found('text')),
      ask(request('UNLOCK', 'k'), OK),
    ],
  }),
  order({
    id: 'status.400-and-413-before-423',
    profile: 'locks',
    also: ['standard'],
    needs: ['small-limits'],
    why: ORDER_WHY,
    steps: [
      ask(set('k', '1')),
      ask(request('LOCK', 'k'), { status: 200, token: 'any' }),
      ask(set('k', { limit: 'max-value', plus: 1 }), errorBefore(413, 423)),
      ask(request('APPEND', 'k', { value: { limit: 'max-value', plus: 0 } }), errorBefore(413, 423)),
      ask(request('INCREMENT', 'k', { value: 'x' }), errorBefore(400, 423)),
      ask(get('k'), found('1')),
    ],
  }),
  status({
    id: 'status.404-and-never-409-for-a-missing-item',
    clauses: ['VERSION-2', 'STATUS-2'],
    why: 'VERSION-2 leaves no choice here: a conflict with nothing sends a client into a loop of reading.',
    steps: (['SET', 'REPLACE', 'APPEND', 'PREPEND', 'INCREMENT', 'TOUCH', 'DELETE'] as const).map((op) =>
      ask(
        request(op, 'none', { ...(!['INCREMENT', 'TOUCH', 'DELETE'].includes(op) && { value: '1' }), version: 1 }),
        MISS,
      ),
    ),
  }),
];
