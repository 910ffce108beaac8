/** The ends of connections, and how frames share packets, at every place where they can be (TRANSPORT-2, -4, -5). */
import { found, get, json, MISS, OK, request, set } from '../actions.ts';
import { area, type Case } from '../case.ts';
import type { CaseContext } from '../context.ts';
import { Violation } from '../outcome.ts';
import type { Expectation, Piece } from '../step.ts';
import { demandNoFailures, everyOffset, keepFailure, settle, type Failures } from '../sweep.ts';

const sweeps = area({ profile: 'core', deadlineMs: 30_000 });

const streamOf = (context: CaseContext, pieces: readonly Piece[]): Buffer =>
  Buffer.concat(pieces.map((piece) => context.resolver.piece(piece)));

/** Names of one length, so that the bytes are the same but for the name. */
const padded = (letter: string, offset: number): string => `${letter}${String(offset).padStart(4, '0')}`;

/** Every way to put `count` frames into packets, as the numbers of frames in each. */
function groupings(count: number): number[][] {
  if (count === 0) return [[]];
  return Array.from({ length: count }, (_, index) => index + 1).flatMap((first) => {
    return groupings(count - first).map((rest) => [first].concat(rest));
  });
}

/** The bytes of each packet of a grouping. */
function packets(frames: readonly Buffer[], grouping: readonly number[]): Buffer[] {
  let sent = 0;
  return grouping.map((count) => {
    sent += count;
    return Buffer.concat(frames.slice(sent - count, sent));
  });
}

/** Sends the same frames in every grouping, each on a key and a connection of its own. */
async function everyGrouping(
  context: CaseContext,
  piecesOf: (name: string) => readonly Piece[],
  expect: readonly Expectation[],
): Promise<void> {
  const all = groupings(expect.length);
  const failures: Failures = new Map();
  await everyOffset([...all.keys()], async (batch) => {
    const streams = await Promise.all(
      batch.map(async (at) => {
        const frames = piecesOf(padded('g', at)).map((piece) => context.resolver.piece(piece));
        return { connection: await context.open(`packets ${at}`), queue: packets(frames, all[at] ?? []) };
      }),
    );
    // In step, with a barrier behind each: written one after the other they could arrive together.
    while (streams.some(({ queue }) => queue.length > 0)) {
      for (const { connection, queue } of streams) connection.send(queue.shift() ?? Buffer.alloc(0));
      await settle(context);
    }
    for (const at of batch) {
      await keepFailure(failures, at, async () => {
        for (const each of expect) await context.recv(each, `packets ${at}`);
      });
      (await context.connection(`packets ${at}`)).close();
    }
  });
  const first = [...failures][0];
  if (first === undefined) return;
  const shown = [...failures.keys()].slice(0, 8).map((at) => (all[at] ?? []).join('+'));
  const observed = `${failures.size} of ${all.length} groupings of frames fail, ${shown.join(', ')} among them`;
  throw new Violation({ ...first[1].facts, observed: `${observed}: ${first[1].facts.observed}` });
}

/** Half-closes behind each number of bytes: what is complete is answered, what is not has no effect. */
async function everyHalfClose(
  context: CaseContext,
  frames: (name: string) => readonly { readonly piece: Piece; readonly reply: Expectation; readonly value?: string }[],
  read: (name: string) => Piece,
  seen: (value: string | undefined) => Expectation,
): Promise<void> {
  const names = new Map<number, { name: string; stream: Buffer; ends: number[] }>();
  const failures: Failures = new Map();
  const whole = streamOf(
    context,
    frames(padded('h', 0)).map(({ piece }) => piece),
  );
  await everyOffset(
    Array.from({ length: whole.length + 1 }, (_, offset) => offset),
    async (batch) => {
      for (const offset of batch) {
        const name = padded('h', offset);
        const parts = frames(name).map(({ piece }) => context.resolver.piece(piece));
        const ends = parts.map((_, index) => Buffer.concat(parts.slice(0, index + 1)).length);
        names.set(offset, { name, stream: Buffer.concat(parts), ends });
        const connection = await context.open(name);
        if (offset > 0) connection.send(Buffer.concat(parts).subarray(0, offset));
        connection.halfClose();
      }
      for (const offset of batch) {
        const { name, ends } = names.get(offset) ?? { name: '', ends: [] };
        const complete = frames(name).filter((_, index) => (ends[index] ?? Infinity) <= offset);
        await keepFailure(failures, offset, async () => {
          for (const { reply } of complete) await context.recv(reply, name);
          await context.recv({ closed: true }, name);
          const value = complete.findLast((each) => each.value !== undefined)?.value;
          await context.ask(read(name), seen(value), 'reader');
        });
        (await context.connection(name)).close();
      }
    },
  );
  demandNoFailures(failures, whole, 'half-closed at');
}

export const sweepCases: readonly Case[] = [
  sweeps({
    id: 'transport.every-coalescing',
    clauses: ['TRANSPORT-2', 'TRANSPORT-3'],
    kills: ['I7', 'I8'],
    why: 'How many frames share a packet is chance: a server that counts on one, or on all, loses the others under load.',
    run: (context) =>
      everyGrouping(
        context,
        (name) => [
          set(name, 'one'),
          get(name),
          request('PING', undefined, { value: 'three' }),
          set(name, { fill: 200 }),
          request(0x30),
          get(name),
        ],
        [OK, found('one'), { status: 200, value: 'three' }, OK, { status: 405 }, found({ fill: 200 })],
      ),
  }),
  sweeps({
    id: 'transport.every-coalescing-of-both-dialects',
    profile: 'json',
    clauses: ['TRANSPORT-2', 'JSON-5'],
    why: 'Two parsers take turns on one stream: where one leaves off within a packet the other has to begin.',
    run: (context) =>
      everyGrouping(
        context,
        (name) => [
          json(`{"command":"SET","key":"{{${name}}}","value":"one"}`),
          get(name),
          json(`{"command":"GET","key":"{{${name}}}"}`),
          request('PING'),
          json('{"command":"GET","key":"{{none}}"}'),
        ],
        [{ json: 200 }, found('one', { tag: 1 }), { json: 200, value: '"one"' }, OK, { json: 404 }],
      ),
  }),
  sweeps({
    id: 'transport.half-close-at-every-offset',
    clauses: ['TRANSPORT-4'],
    why: 'A script that is killed half closes anywhere: what it had sent whole counts, and the half frame never.',
    run: (context) =>
      everyHalfClose(
        context,
        (name) => [
          { piece: set(name, 'first'), reply: OK, value: 'first' },
          { piece: get(name), reply: found('first') },
          { piece: set(name, 'second, and longer'), reply: OK, value: 'second, and longer' },
        ],
        (name) => get(name),
        (value) => (value === undefined ? MISS : found(value)),
      ),
  }),
  sweeps({
    id: 'transport.json-half-close-at-every-offset',
    profile: 'json',
    clauses: ['TRANSPORT-4', 'JSON-1'],
    why: 'Half an envelope that is parsed for what is there sets half a value, or a key that nobody meant.',
    run: (context) =>
      everyHalfClose(
        context,
        (name) => [
          { piece: json(`{"command":"SET","key":"{{${name}}}","value":1}`), reply: { json: 200 }, value: '1' },
          { piece: json(`{"command":"SET","key":"{{${name}}}","value":[2]}`), reply: { json: 200 }, value: '[2]' },
        ],
        (name) => json(`{"command":"GET","key":"{{${name}}}"}`),
        (value) => (value === undefined ? { json: 404 } : { json: 200, value }),
      ),
  }),
  sweeps({
    id: 'transport.reset-at-every-offset',
    clauses: ['TRANSPORT-4', 'TRANSPORT-5'],
    why: 'Wherever a peer dies, half a frame leaves nothing behind, and nobody else notices.',
    run: async (context) => {
      const whole = streamOf(context, [set(padded('r', 0), 'a value')]);
      const offsets = Array.from({ length: whole.length - 1 }, (_, index) => index + 1);
      const failures: Failures = new Map();
      await everyOffset(offsets, async (batch) => {
        const connections = await Promise.all(batch.map((offset) => context.open(`dying ${offset}`)));
        connections.forEach((connection, index) => {
          const offset = batch[index] ?? 0;
          connection.send(streamOf(context, [set(padded('r', offset), 'a value')]).subarray(0, offset));
        });
        await settle(context);
        for (const connection of connections) connection.reset();
      });
      await settle(context);
      await context.send(
        offsets.map((offset) => get(padded('r', offset))),
        'reader',
      );
      for (const offset of offsets) {
        await keepFailure(failures, offset, async () => void (await context.recv(MISS, 'reader')));
      }
      demandNoFailures(failures, whole, 'reset at');
    },
  }),
  sweeps({
    id: 'transport.replies-to-a-slow-reader',
    clauses: ['TRANSPORT-3', 'TRANSPORT-2'],
    why: 'Replies wait for a slow client in buffers: what is cut or reused there is another client’s data.',
    run: async (context) => {
      const values = Array.from({ length: 24 }, (_, at) => ({ fill: 900, byte: (0x61 + at).toString(16) }));
      for (const [at, value] of values.entries()) await context.ask(set(`k${at}`, value), OK);
      const rounds = 12;
      const connection = await context.connection('slow');
      for (let round = 0; round < rounds; round += 1) {
        connection.pause();
        await context.send(
          values.map((_, at) => get(`k${at}`)),
          'slow',
        );
        await settle(context);
        connection.resume();
        const others = [...values.entries()].filter(([at]) => at % 2 === round % 2);
        await context.send(
          others.map(([at]) => get(`k${at}`)),
          'quick',
        );
        for (const [, value] of others) await context.recv(found(value), 'quick');
        for (const value of values) await context.recv(found(value), 'slow');
      }
    },
  }),
];
