/** The cases that check histories and sweep over offsets, against servers that are right or wrong in one way. */
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { Case } from '../case.ts';
import { demandLinearizable, play } from '../check/play.ts';
import type { CaseResult } from '../outcome.ts';
import { Runner } from '../runner.ts';
import { openSession } from '../session.ts';
import { showCuts } from '../sweep.ts';
import { but, reply, right, serveSmall, type Behaviour } from '../testing/small-server.ts';
import { fromHex } from '../wire/bytes.ts';
import { linearizableCases } from './linearizable.ts';
import { sweepCases } from './sweeps.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function run(behaviour: Behaviour, each: Case): Promise<CaseResult> {
  const { target, stop } = await serveSmall(behaviour);
  stops.push(stop);
  const session = await openSession(target, { seed: 'a11c', timeoutScale: 0.1, profiles: ['core'] });
  return new Runner(session).run({ ...each, deadlineMs: 100_000 });
}

function caseOf(cases: readonly Case[], id: string): Case {
  const found = cases.find((each) => each.id === id);
  if (found === undefined) throw new Error(`there is no ${id}`);
  return found;
}

const PLAIN = caseOf(linearizableCases, 'linearizable.sets-gets-and-deletes');

/** Every tenth GET gives what was there before the latest write. */
function stale(): Behaviour {
  const before = new Map<string, Buffer | undefined>();
  let reads = 0;
  return (due, socket, items) => {
    const key = due.key.toString('latin1');
    if (due.operation === 'SET' || due.operation === 'DELETE') before.set(key, items.get(key));
    reads += due.operation === 'GET' ? 1 : 0;
    const old = before.get(key);
    if (due.operation !== 'GET' || reads % 10 > 0 || old === undefined) return right(due, socket, items);
    return [reply(due, 200, old)];
  };
}

/** Every tenth SET is answered and forgotten. */
function lossy(): Behaviour {
  let writes = 0;
  return but('SET', (due, socket, items) => {
    writes += 1;
    return writes % 10 > 0 ? right(due, socket, items) : [reply(due, 200)];
  });
}

/** What was deleted is there again for whoever asks later. */
function resurrecting(): Behaviour {
  return but('DELETE', (due, socket, items) => {
    const key = due.key.toString('latin1');
    const value = items.get(key);
    if (value !== undefined) setImmediate(() => items.has(key) || items.set(key, value));
    return right(due, socket, items);
  });
}

describe('histories', () => {
  test('of a right server are explained', async () => {
    expect(await run(right, PLAIN)).toMatchObject({ status: 'PASS' });
  });

  test.each<[string, Behaviour]>([
    ['a stale read', stale()],
    ['a lost write', lossy()],
    ['a deleted item that comes back', resurrecting()],
  ])('%s is found, and shown by a few requests', async (_name, behaviour) => {
    const result = await run(behaviour, PLAIN);
    expect(result).toMatchObject({ status: 'FAIL', clause: 'CONSISTENT-1' });
    expect(result.observed).toContain('← fits nowhere');
    expect(result.timeline?.rows.length).toBeLessThan(8);
    expect(result.timeline?.rows.filter(({ isStuck }) => isStuck)).toHaveLength(1);
  });

  test('of requests that never met prove nothing', async () => {
    const alone: Case = {
      id: 'linearizable.alone',
      clauses: ['CONSISTENT-1'],
      profile: 'core',
      why: 'Nobody else is there.',
      run: async (context) => {
        const plan = { connections: 1, keys: 2, requests: 30, detail: false, choose: () => ({ op: 'GET' }) as const };
        demandLinearizable(context, await play(context, plan, 0));
      },
    };
    const reason = expect.stringContaining('too few to prove anything');
    expect(await run(right, alone)).toMatchObject({ status: 'UNKNOWN', reason });
  });
});

const SWEEPS = sweepCases.filter(({ profile }) => profile === 'core').map(({ id }) => id);

describe('sweeps', () => {
  test.each(SWEEPS)('%s passes with a right server', async (id) => {
    expect(await run(right, caseOf(sweepCases, id))).toMatchObject({ status: 'PASS' });
  });

  test('a frame that is dropped behind two others is found by how frames are grouped', async () => {
    const reads = new WeakMap<Socket, { bytes: number; frames: number }>();
    // On a busy machine two packets may be read at once: how many groupings lost a frame is for the server to say.
    const robbed = new Set<Socket>();
    const result = await run(
      (due, socket, items) => {
        const last = reads.get(socket);
        const frames = last?.bytes === socket.bytesRead ? last.frames + 1 : 1;
        reads.set(socket, { bytes: socket.bytesRead, frames });
        if (frames !== 3) return right(due, socket, items);
        // The suite removes its keys in one packet, which is no grouping.
        if (due.operation !== 'DELETE') robbed.add(socket);
        return [];
      },
      caseOf(sweepCases, 'transport.every-coalescing'),
    );
    expect(result).toMatchObject({ status: 'FAIL' });
    // Of the 32 ways to divide six frames, 19 have three or more in one packet.
    expect(robbed.size).toBeGreaterThanOrEqual(19);
    expect(result.observed).toMatch(new RegExp(`^${robbed.size} of 32 groupings of frames fail, `));
  });

  test('a server that ends with the client’s half is found at every offset that owes a reply', async () => {
    const seen = new WeakSet<Socket>();
    const result = await run(
      (due, socket, items) => {
        const answer = right(due, socket, items);
        // Late enough for the client's end to have come, which on a busy machine takes some milliseconds.
        setTimeout(() => socket.destroyed || socket.write(Buffer.concat(answer)), 50);
        if (!seen.has(socket)) socket.once('end', () => socket.destroy());
        seen.add(socket);
        return [];
      },
      caseOf(sweepCases, 'transport.half-close-at-every-offset'),
    );
    expect(result).toMatchObject({ status: 'FAIL' });
    expect(result.observed).toContain("(before frame 2's length), ");
  });

  test('offsets are told by where in a frame they lie', () => {
    const set = fromHex('0000000e 11 00 0003 00000001 666f6f 626172');
    const timed = fromHex('00000014 11 01 0003 00000004 0000000000001388 666f6f 31');
    const envelope = fromHex('00000002 7b7d');
    const stream = Buffer.concat([set, timed, envelope]);
    expect(showCuts(stream, [1, 2, 3, 4, 7, 13, 18, 31, 47, stream.length])).toBe(
      [
        "1–3 (in frame 1's length), 4 (before frame 1's header), 7 (in frame 1's header), 13 (in frame 1's key)",
        "18 (before frame 2's length), 31 (in frame 2's fields), 47 (in frame 3's envelope), 48 (behind all)",
      ].join(', '),
    );
  });
});
