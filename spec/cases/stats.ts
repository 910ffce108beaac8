/** STATS (STATS-1). What the counters count beyond their names the contract leaves open: such cases only advise. */
import { ask, del, found, get, MISS, OK, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { entriesToTexts, parseEntries } from '../wire/entries.ts';

const stats = area({ profile: 'insight', clauses: ['STATS-1'] });

const NAMES = [
  'uptime',
  'items',
  'connections',
  'requests',
  'hits',
  'misses',
  'memory',
  'evictions',
  'expired',
] as const;
type Name = (typeof NAMES)[number];

const DECIMAL = '/0|[1-9][0-9]*/';
const ALL = Object.fromEntries(NAMES.map((name) => [name, DECIMAL]));

async function read(context: CaseContext): Promise<Record<Name, bigint>> {
  const reply = await context.exchange(request('STATS'));
  const texts = entriesToTexts(parseEntries(reply.value).entries);
  const value = (name: Name): bigint => {
    const text = texts.get(name) ?? '';
    return /^[0-9]+$/.test(text) ? BigInt(text) : context.fail(`${name} in decimal digits`, text || 'no such entry');
  };
  return Object.fromEntries(NAMES.map((name) => [name, value(name)])) as Record<Name, bigint>;
}

/** Demands that a counter has grown by `least` at least: others may use the target at the same time. */
function grown(
  context: CaseContext,
  name: Name,
  before: Record<Name, bigint>,
  after: Record<Name, bigint>,
  least: number,
): void {
  if (after[name] - before[name] >= BigInt(least)) return;
  context.fail(`${name} to grow by ${least} at least`, `${before[name]}, and then ${after[name]}`);
}

export const statsCases: readonly Case[] = [
  stats({
    id: 'stats.has-its-entries',
    clauses: ['STATS-1', 'ENTRY-1'],
    why: 'Dashboards look for these names; one that is missing, or no plain number, draws a line that looks like peace.',
    steps: [ask(request('STATS'), { status: 200, includes: ALL })],
  }),
  stats({
    id: 'stats.changes-nothing',
    clauses: ['STATS-1', 'GET-1'],
    why: 'Monitoring asks every second: what it asks must not be seen in the data.',
    steps: [
      ask(set('a', '1')),
      ask(request('STATS'), { status: 200, includes: ALL }),
      ask(request('STATS'), { status: 200, includes: ALL }),
      ask(get('a'), found('1')),
    ],
  }),
  stats({
    id: 'stats.items-are-those-that-are-there',
    needs: ['reset'],
    isolation: 'exclusive',
    clauses: ['STATS-1', 'RESET-1'],
    why: 'A count that only grows shows a leak where there is none, and hides the one that is.',
    run: async (context) => {
      const items = async (want: number, when: string): Promise<void> => {
        const found = (await read(context)).items;
        if (found !== BigInt(want)) context.fail(`${want} items ${when}`, `${found}`);
      };
      await context.ask(request('RESET'), OK);
      await items(0, 'after RESET');
      for (const key of ['a', 'b', 'c', 'a']) await context.ask(set(key, 'v'), OK);
      await items(3, 'after three keys were set');
      await context.ask(del('b'), OK);
      await context.ask(del('b'), MISS);
      await items(2, 'after one was deleted');
      await context.ask(request('RESET'), OK);
      await items(0, 'after RESET');
    },
  }),
  stats({
    id: 'stats.connections-are-those-that-are-open',
    why: 'A server that is out of connections has to show it before it refuses the next.',
    run: async (context) => {
      for (const name of ['x', 'y', 'z']) await context.ask(get('a'), MISS, name);
      const { connections } = await read(context);
      if (connections < 4n) context.fail('4 connections at least, as so many are open', `${connections}`);
    },
  }),
  stats({
    id: 'stats.counters-count',
    level: 'SHOULD',
    why: 'A hit rate is what a cache is judged by; counters that stand still make every change look harmless.',
    run: async (context) => {
      const before = await read(context);
      await context.ask(set('a', 'v'), OK);
      for (let index = 0; index < 10; index += 1) await context.ask(get('a'), found('v'));
      for (let index = 0; index < 5; index += 1) await context.ask(get('none'), MISS);
      const after = await read(context);
      grown(context, 'requests', before, after, 16);
      grown(context, 'hits', before, after, 10);
      grown(context, 'misses', before, after, 5);
      if (after.uptime < before.uptime) context.fail(`uptime of ${before.uptime} at least`, `${after.uptime}`);
    },
  }),
  stats({
    id: 'stats.memory-follows-the-items',
    level: 'SHOULD',
    needs: ['reset'],
    isolation: 'exclusive',
    why: 'Memory that is not given back, or not counted, is noticed when the machine kills the process.',
    run: async (context) => {
      await context.ask(request('RESET'), OK);
      const empty = (await read(context)).memory;
      for (let index = 0; index < 100; index += 1) await context.ask(set(`k${index}`, { fill: 1000 }), OK);
      const full = (await read(context)).memory;
      if (full <= empty) context.fail(`memory above ${empty} with 100 items of 1000 bytes`, `${full}`);
      for (let index = 0; index < 100; index += 1) await context.ask(del(`k${index}`), OK);
      const after = (await read(context)).memory;
      if (after >= full) context.fail(`memory below ${full} once they are deleted`, `${after}`);
    },
  }),
  stats({
    id: 'stats.expired-items-are-counted',
    also: ['standard'],
    level: 'SHOULD',
    why: 'Items that go by their TTL are normal, evicted ones are an alarm: they must not be mixed up.',
    run: async (context) => {
      const before = await read(context);
      for (const key of ['a', 'b', 'c']) await context.ask(set(key, 'v', { ttl: 20 }), OK);
      for (const key of ['a', 'b', 'c']) await context.until(get(key), MISS);
      grown(context, 'expired', before, await read(context), 3);
    },
  }),
];
