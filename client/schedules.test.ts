/**
 * Random schedules of calls, replies in fragments, deadlines, aborts and cuts: each call settles exactly once, with its
 * own reply or with an error that tells the truth about what was sent.
 */
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Speicher, SpeicherError } from './index.ts';
import { FakeServer, replyBytes, type FakePeer } from './testing/fake-server.ts';

type Step =
  | { readonly kind: 'call'; readonly timeoutMs: number; readonly valueBytes: number; readonly isAborted: boolean }
  | { readonly kind: 'reply'; readonly count: number; readonly cutAt: number }
  | { readonly kind: 'cut'; readonly isReset: boolean }
  | { readonly kind: 'turn' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('call' as const),
        timeoutMs: fc.constantFrom(3, 5_000, 5_000),
        valueBytes: fc.constantFrom(0, 10, 1_000, 20_000),
        isAborted: fc.integer({ min: 0, max: 9 }).map((number) => number === 0),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('reply' as const), count: fc.nat(6), cutAt: fc.nat(60) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), isReset: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
  ),
  { maxLength: 60 },
);

/** Gives back the value of each request when it is told to; at the end, at once. */
class Echo {
  readonly received = new Set<string>();
  readonly #server: FakeServer;
  #peer: FakePeer | undefined;
  #due: Buffer[] = [];
  #isEager = false;

  constructor(server: FakeServer) {
    this.#server = server;
    void this.#accept();
  }

  async reply(count: number, cutAt: number): Promise<void> {
    const bytes = Buffer.concat(this.#due.splice(0, count));
    const peer = this.#peer;
    peer?.socket.write(bytes.subarray(0, cutAt));
    await turn();
    peer?.socket.write(bytes.subarray(cutAt));
  }

  cut(isReset: boolean): void {
    if (isReset) this.#peer?.socket.resetAndDestroy();
    else this.#peer?.socket.destroy();
  }

  finish(): void {
    for (const bytes of this.#due) this.#peer?.socket.write(bytes);
    this.#isEager = true;
  }

  async #accept(): Promise<never> {
    for (;;) {
      const peer = await this.#server.peer();
      const due: Buffer[] = [];
      this.#peer = peer;
      this.#due = due;
      void peer.serve((request) => {
        this.received.add(request.key);
        const bytes = replyBytes(request, { flags: 4, tag: 1, value: `reply to ${request.key}` });
        if (this.#isEager) return bytes;
        due.push(bytes);
        return undefined;
      });
    }
  }
}

interface Followed {
  readonly key: string;
  settledTimes: number;
  result?: unknown;
  error?: unknown;
}

function turn(): Promise<void> {
  return new Promise(setImmediate);
}

function follow(key: string, call: Promise<unknown>): Followed {
  const followed: Followed = { key, settledTimes: 0 };
  const settle = (outcome: Partial<Followed>) => {
    Object.assign(followed, outcome);
    followed.settledTimes++;
  };
  call.then(
    (result) => settle({ result }),
    (error: unknown) => settle({ error }),
  );
  return followed;
}

/** Carries a schedule out, and returns what became of each call, and which requests the server has seen. */
async function play(schedule: readonly Step[]): Promise<{ calls: Followed[]; received: ReadonlySet<string> }> {
  const server = await FakeServer.start();
  const client = new Speicher({ host: '127.0.0.1', port: server.port });
  const echo = new Echo(server);
  const calls: Followed[] = [];
  for (const step of schedule) {
    if (step.kind === 'call') {
      const { timeoutMs, valueBytes, isAborted } = step;
      const controller = new AbortController();
      // The key is long in place of a value, so that what comes back is the call's own.
      const key = `${calls.length} ${'x'.repeat(valueBytes)}`;
      calls.push(follow(key, client.get(key, { timeoutMs, signal: controller.signal })));
      if (isAborted) setImmediate(() => controller.abort());
    } else if (step.kind === 'reply') await echo.reply(step.count, step.cutAt);
    else if (step.kind === 'cut') echo.cut(step.isReset);
    else await turn();
  }
  echo.finish();
  await client.close();
  await server.stop();
  return { calls, received: echo.received };
}

const CODES: ReadonlySet<string> = new Set(['SPEICHER_TIMEOUT', 'SPEICHER_ABORTED', 'SPEICHER_CONNECTION_LOST']);

/** What is wrong about a call's end; undefined if nothing is. */
function complaint(call: Followed, received: ReadonlySet<string>): string | undefined {
  const { key, settledTimes, result, error } = call;
  if (settledTimes !== 1) return `settled ${settledTimes} times`;
  if (error === undefined) return result === `reply to ${key}` ? undefined : `got ${String(result)}`;
  if (!(error instanceof SpeicherError) || !CODES.has(error.code)) return `rejected with ${inspect(error)}`;
  if (error.outcome === 'not-sent' && received.has(key)) return `${error.code} says that it was not sent`;
  return undefined;
}

test('each call settles exactly once, with its own reply or the truth', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (schedule) => {
      const { calls, received } = await play(schedule);
      expect(calls.map((call) => complaint(call, received)).filter((one) => one !== undefined)).toEqual([]);
    }),
    { numRuns: 200 },
  );
}, 60_000);
