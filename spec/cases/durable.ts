/**
 * Section 8: what is there when a server comes back. A kill (SIGKILL) shows what a crash of the program does; it says
 * nothing of a loss of power, which is only tried where somebody can bring it about.
 */
import { del, found, get, MISS, OK, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { killUnderLoad } from '../durability/load.ts';
import { demandCleanExit, killAndStart, processOf, startAgain, stopServer } from '../durability/restart.ts';
import { Skipped } from '../outcome.ts';
import type { OneExpectation } from '../step.ts';

const KILLS = 20;
const durable = area({
  profile: 'durable',
  needs: ['spawn'],
  isolation: 'exclusive',
  clauses: ['DURABLE-1', 'SYNC-1'],
  deadlineMs: 60_000,
});

const SYNC = request('SYNC');
const LONG_TTL_MS = 3_600_000;
const PREFIX_KILLS_WITHIN_MS = [3, 12, 40];

/** Kills the server behind a SYNC, and starts it again. */
async function syncAndKill(context: CaseContext): Promise<void> {
  await context.ask(SYNC, OK, 'before');
  await killAndStart(context);
}

const kept: readonly Case[] = [
  durable({
    id: 'durable.what-was-synced-is-there',
    why: 'A reply to SYNC is a promise: the order is told to the customer, and then the process dies.',
    run: async (context) => {
      const values = Array.from({ length: 50 }, (_, at) => set(`k${at}`, `value ${at}`));
      const writes = [...values, set('empty', ''), set('k0', 'replaced')];
      // In one write: a server that keeps what it has to do for later has had no time for it.
      await context.send(writes, 'before');
      for (const _ of writes) await context.recv(OK, 'before');
      await syncAndKill(context);
      for (let at = 1; at < 50; at += 1) await context.ask(get(`k${at}`), found(`value ${at}`), 'after');
      await context.ask(get('empty'), found(''), 'after');
      await context.ask(get('k0'), found('replaced'), 'after');
    },
  }),
  durable({
    id: 'durable.deleted-stays-deleted',
    why: 'What comes back from the dead: sessions that were ended, data that somebody had the right to have removed.',
    hint: 'a DELETE leaves nothing in what is read at the start',
    run: async (context) => {
      for (let at = 0; at < 20; at += 1) await context.ask(set(`k${at}`, 'v'), OK, 'before');
      await context.ask(SYNC, OK, 'before');
      for (let at = 0; at < 20; at += 2) await context.ask(del(`k${at}`), OK, 'before');
      await syncAndKill(context);
      for (let at = 0; at < 20; at += 1) {
        await context.ask(get(`k${at}`), at % 2 === 0 ? MISS : found('v'), 'after');
      }
    },
  }),
  durable({
    id: 'durable.a-reset-stays',
    clauses: ['DURABLE-1', 'RESET-1', 'SYNC-1'],
    needs: ['spawn', 'reset'],
    why: 'A reset that is only in memory brings everything back at the next start.',
    run: async (context) => {
      await context.ask(set('before', 'v'), OK, 'before');
      await context.ask(SYNC, OK, 'before');
      await context.ask(request('RESET'), OK, 'before');
      await context.ask(set('behind', 'v'), OK, 'before');
      await syncAndKill(context);
      await context.ask(get('before'), MISS, 'after');
      await context.ask(get('behind'), found('v'), 'after');
    },
  }),
  durable({
    id: 'durable.tags-versions-and-expiries-are-there',
    also: ['standard'],
    why: 'A value without its TAG cannot be read, without its version not be replaced, without its expiry never goes.',
    run: async (context) => {
      const more = { tag: 7, ttl: LONG_TTL_MS, flags: ['DETAIL'] } as const;
      const saved = { version: 'any', save: { v: 'version' } } as const;
      await context.ask(set('k', 'v', more), { status: 200, ...saved }, 'before');
      await context.ask(set('plain', 'v', { ttl: LONG_TTL_MS }), OK, 'before');
      await context.ask(request('TOUCH', 'plain'), OK, 'before');
      await syncAndKill(context);
      const ttl = { min: LONG_TTL_MS - 600_000, max: LONG_TTL_MS };
      const detail = { flags: ['DETAIL'] } as const;
      await context.ask(get('k', detail), found('v', { tag: 7, ttl, version: { ref: 'v' } }), 'after');
      await context.ask(get('plain', detail), found('v', { version: 'any' }), 'after');
      await context.ask(set('k', 'w', { version: { ref: 'v' } }), OK, 'after');
    },
  }),
  durable({
    id: 'durable.kills-under-load',
    clauses: ['DURABLE-1', 'SYNC-1', 'DURABLE-4'],
    deadlineMs: 240_000,
    why: 'A crash comes in the middle of writes: torn records, replies that were too early, deletions that were forgotten.',
    hint: 'a write is answered, or a SYNC, before it is in the file; or what a kill cut off is read as if it were whole',
    run: (context) => killUnderLoad(context, context.session.durability.kills ?? KILLS),
  }),
  durable({
    id: 'durable.a-prefix-request-is-whole-on-each-item',
    also: ['standard', 'prefix'],
    clauses: ['DURABLE-1', 'CONSISTENT-2'],
    why: 'A kill in the middle of a large clean-up may leave it half done, but no item with half of it.',
    run: async (context) => {
      const names = Array.from({ length: 40 }, (_, at) => `p${at}`);
      const either: OneExpectation[] = [found('old', { tag: 1 }), found('new, and longer', { tag: 2 })];
      // How soon a server begins, and how long it takes, is its own: the kills come sooner and later.
      for (const withinMs of PREFIX_KILLS_WITHIN_MS) {
        for (const name of names) await context.ask(set(name, 'old', { tag: 1 }), OK, 'before');
        await context.ask(SYNC, OK, 'before');
        await context.send([set('p', 'new, and longer', { tag: 2, flags: ['PREFIX'] })], 'before');
        await context.wait(context.random.below(withinMs));
        await killAndStart(context);
        for (const name of names) await context.ask(get(name), { anyOf: either }, 'after');
        for (const name of ['before', 'after']) context.discard(name);
      }
    },
  }),
  durable({
    id: 'durable.a-loss-of-power-loses-nothing-synced',
    why: 'A kill leaves the system’s buffers alone; whoever pulls the plug finds out whether SYNC reached the disk.',
    hint: 'SYNC is answered before fsync has returned',
    run: async (context) => {
      const { losePower } = context.session.durability;
      if (losePower === undefined) throw new Skipped('nothing here can bring about a loss of power');
      for (let at = 0; at < 50; at += 1) await context.ask(set(`k${at}`, `value ${at}`), OK, 'before');
      await context.ask(SYNC, OK, 'before');
      for (const connection of context.connections) connection.close();
      await losePower(processOf(context));
      await startAgain(context);
      for (let at = 0; at < 50; at += 1) await context.ask(get(`k${at}`), found(`value ${at}`), 'after');
    },
  }),
];

const PIPELINE = 200;

/** Requests that have arrived when the signal comes are answered, the connection closed, and the status is 0. */
async function stopWhileAnswering(context: CaseContext, signal: 'SIGTERM' | 'SIGINT'): Promise<void> {
  const server = processOf(context);
  try {
    await context.open('idle');
    await context.send([{ part: set('half', 'a value'), to: 9 }], 'half a frame');
    const values = Array.from({ length: PIPELINE }, (_, at) => `${at}`);
    await context.send(
      values.flatMap((value) => [set(`k${value}`, value), get(`k${value}`)]),
      'busy',
    );
    // It reads: what is behind the first request, in the same packet, has arrived too.
    await context.recv(OK, 'busy');
    const end = stopServer(context, signal);
    for (const [at, value] of values.entries()) {
      if (at > 0) await context.recv(OK, 'busy');
      await context.recv(found(value), 'busy');
    }
    for (const name of ['busy', 'idle', 'half a frame']) await context.recv({ closed: true }, name);
    demandCleanExit(await end, signal);
  } finally {
    for (const connection of context.connections) connection.close();
    if (!server.isRunning) await startAgain(context);
  }
}

const stops: readonly Case[] = [
  ...(['SIGTERM', 'SIGINT'] as const).map((signal) =>
    durable({
      id: `durable.${signal.toLowerCase()}-answers-what-has-arrived`,
      clauses: ['DURABLE-2'],
      why: 'Every deployment ends the old process: requests that it has already taken must not fail for that.',
      hint: 'the handler of the signal ends the process before its replies are written, or there is none',
      run: (context) => stopWhileAnswering(context, signal),
    }),
  ),
  durable({
    id: 'durable.sigterm-keeps-everything',
    clauses: ['DURABLE-2', 'DURABLE-1'],
    why: 'An orderly stop loses nothing at all, be it synced or not: nobody expects a restart to be a crash.',
    run: async (context) => {
      for (let at = 0; at < 50; at += 1) await context.ask(set(`k${at}`, `value ${at}`), OK, 'before');
      await context.ask(del('k0'), OK, 'before');
      for (const connection of context.connections) connection.close();
      demandCleanExit(await stopServer(context, 'SIGTERM'), 'SIGTERM');
      await startAgain(context);
      await context.ask(get('k0'), MISS, 'after');
      for (let at = 1; at < 50; at += 1) await context.ask(get(`k${at}`), found(`value ${at}`), 'after');
    },
  }),
];

const SHORT_TTL_MS = 1500;

const returns: readonly Case[] = [
  durable({
    id: 'durable.time-goes-on-while-it-is-down',
    also: ['standard'],
    clauses: ['DURABLE-3', 'EXPIRY-1', 'SYNC-1'],
    why: 'A password’s reset link that was good for an hour is good again after every restart.',
    hint: 'what is left of a TTL is stored, and not when it ends',
    run: async (context) => {
      await context.ask(set('short', 'v', { ttl: SHORT_TTL_MS }), OK, 'before');
      await context.ask(set('long', 'v', { ttl: LONG_TTL_MS }), OK, 'before');
      await context.ask(SYNC, OK, 'before');
      const startMs = performance.now();
      for (const connection of context.connections) connection.close();
      await processOf(context).kill('SIGKILL');
      await context.wait(SHORT_TTL_MS);
      await startAgain(context);
      const ttl = { min: 1, max: LONG_TTL_MS - Math.floor(performance.now() - startMs) + 1000 };
      await context.ask(get('short'), MISS, 'after');
      await context.ask(get('long', { flags: ['DETAIL'] }), found('v', { ttl, version: 'any' }), 'after');
    },
  }),
  durable({
    id: 'durable.versions-go-on-from-what-was-synced',
    also: ['standard'],
    clauses: ['DURABLE-4', 'VERSION-1', 'SYNC-1'],
    why: 'A version that is given twice lets a stale compare-and-set succeed: the greatest may be that of a deleted item.',
    hint: 'the counter is set to the greatest version among the items that are left',
    run: async (context) => {
      const detail = { flags: ['DETAIL'] } as const;
      for (let at = 0; at < 20; at += 1) await context.ask(set('k', 'v'), OK, 'before');
      await context.ask(set('gone', 'v', detail), { status: 200, version: 'any', save: { v: 'version' } }, 'before');
      await context.ask(del('gone'), OK, 'before');
      await syncAndKill(context);
      await context.ask(set('k', 'w', detail), { status: 200, version: { above: 'v' } }, 'after');
    },
  }),
  durable({
    id: 'durable.tokens-go-on-from-what-was-synced',
    also: ['standard', 'locks'],
    clauses: ['DURABLE-4', 'LOCK-1', 'SYNC-1'],
    why: 'A token that is given again opens the lock of whoever has it now to whoever had it before the crash.',
    run: async (context) => {
      await context.ask(set('k', 'v'), OK, 'before');
      await context.ask(request('LOCK', 'k'), { status: 200, token: 'any', save: { t: 'token' } }, 'before');
      await context.ask(request('UNLOCK', 'k'), OK, 'before');
      await syncAndKill(context);
      await context.ask(request('UNLOCK', 'k'), OK, 'after');
      await context.ask(request('LOCK', 'k'), { status: 200, token: { above: 't' } }, 'after');
    },
  }),
  durable({
    id: 'durable.versions-exceed-all-that-were-given',
    also: ['standard'],
    clauses: ['DURABLE-4', 'VERSION-1'],
    level: 'SHOULD',
    why: 'A client may hold a version of a write that the crash undid; given again, it fits something else.',
    hint: 'counters are reserved in blocks: at the start they go on behind the block',
    run: async (context) => {
      const detail = { flags: ['DETAIL'] } as const;
      await context.ask(SYNC, OK, 'before');
      for (let at = 0; at < 20; at += 1) await context.ask(set('k', 'v'), OK, 'before');
      await context.ask(set('k', 'v', detail), { status: 200, version: 'any', save: { v: 'version' } }, 'before');
      await killAndStart(context);
      await context.ask(set('k', 'w', detail), { status: 200, version: { above: 'v' } }, 'after');
    },
  }),
];

export const durableCases: readonly Case[] = [...kept, ...stops, ...returns];
