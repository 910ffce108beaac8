/** A server that leaves requests without a reply, or gets nothing right, ends a run soon; a slow one is waited for. */
import { describe, expect, test } from 'vitest';
import type { CaseRecord } from './records.ts';
import { CASES } from './registry.ts';
import { JOBS_MAX, runSuite } from './run.ts';
import { HOPELESS_CASES, IMPATIENT_CASES, MUTE_CASES } from './silence.ts';
import { reply, right, serveSmall, type Behaviour } from './testing/small-server.ts';
import { buildFrame } from './wire/request.ts';

const SCALE = 0.1;
const FEW = ['get.*', 'ping.*', 'set.*'];
const ALL: readonly string[] = [];

async function recordsOf(behaviour: Behaviour, run: readonly string[], timeoutScale: number): Promise<CaseRecord[]> {
  const { target, stop } = await serveSmall(behaviour);
  const records: CaseRecord[] = [];
  try {
    await runSuite({
      target,
      cases: CASES,
      selection: { run, skip: [] },
      session: { seed: 'a11c', timeoutScale, profiles: ['core'] },
      suiteVersion: '0',
      repeat: '',
      emit: (record) => void (record.record === 'case' && records.push(record)),
    });
    return records;
  } finally {
    stop();
  }
}

// Side by side, all but those that are busy: nearly all of their time they wait.
describe.concurrent('a server that answers JSON alone', () => {
  test('is tried for a while, and what is left of core is blocked', async () => {
    const records = (await recordsOf(() => [], ALL, SCALE)).filter(({ profile }) => profile === 'core');
    // HELLO went unanswered too, which counts for the first of them.
    const silent = records.filter(({ code }) => code === 'no-reply');
    expect(silent.length).toBeLessThanOrEqual(MUTE_CASES - IMPATIENT_CASES);
    // On a busy machine a connection may come too late for the short wait; such a case is run again.
    expect(silent.length).toBeGreaterThan((MUTE_CASES - IMPATIENT_CASES) / 2);
    const blocked = records.filter(({ status }) => status === 'BLOCKED');
    expect(blocked.length).toBeGreaterThan(0);
    expect(blocked[0]?.reason).toMatch(/^nothing of core is answered: \d+ cases in a row had no reply$/);
  });
});

describe('a server that answers everything with the same', () => {
  const envelope = buildFrame(Buffer.from('{"status_code":404}'));
  test.each<[string, Behaviour]>([
    ['envelope', () => [envelope]],
    ['404', (due) => [reply(due, 404)]],
    ['200', (due) => [reply(due, 200)]],
  ])('%s is not asked again and again', async (_, behaviour) => {
    // It answers at once, so that no wait is long, and a busy machine has its time.
    const records = (await recordsOf(behaviour, ALL, 2 * SCALE)).filter(({ profile }) => profile === 'core');
    expect(records.filter(({ status }) => status === 'PASS')).toEqual([]);
    expect(records.filter(({ status }) => status === 'FAIL').length).toBeGreaterThan(100);
    // Those are that ran before it was clear that nothing is right, beside each other.
    expect(records.filter(({ runs }) => runs > 1).length).toBeLessThanOrEqual(HOPELESS_CASES + JOBS_MAX);
    // None of it is waited for until a deadline is over.
    expect(records.filter(({ observed = '' }) => observed.includes('deadline')).map(({ id }) => id)).toEqual([]);
  });
});

describe.concurrent('a server that drops what follows the first frame of a read', () => {
  test('is waited for a quarter as long, once it has left out some', async () => {
    const busy = new WeakSet<object>();
    const firstAlone: Behaviour = (due, socket, items) => {
      if (busy.has(socket)) return [];
      busy.add(socket);
      // What came in one read is taken within one turn of the event loop.
      setImmediate(() => busy.delete(socket));
      return right(due, socket, items);
    };
    const records = await recordsOf(firstAlone, ALL, SCALE);
    const silent = records.filter(({ code }) => code === 'no-reply');
    expect(silent.length).toBeGreaterThan(IMPATIENT_CASES);
    expect(silent.filter(({ observed = '' }) => observed.includes('no reply within 400 ms')).length).toBeGreaterThan(0);
    expect(silent.filter(({ observed = '' }) => observed.includes('no reply within 100 ms')).length).toBeGreaterThan(0);
    expect(records.filter(({ status }) => status === 'BLOCKED')).toEqual([]);
  });
});

describe.concurrent('a server that answers late', () => {
  test('is waited for, however many cases there are', async () => {
    const records = await recordsOf(
      (due, socket, items) => {
        const frames = right(due, socket, items);
        // Beyond the short wait, and within the long one.
        if (frames.length > 0) setTimeout(() => socket.destroyed || socket.write(Buffer.concat(frames)), 450);
        return [];
      },
      FEW,
      0.5,
    );
    expect(records.filter(({ code }) => code === 'no-reply')).toEqual([]);
    expect(records.filter(({ status }) => status === 'PASS').length).toBeGreaterThan(5);
  });
});
