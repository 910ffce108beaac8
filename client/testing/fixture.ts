/** A fake server and clients of it for the tests of one file, and what their calls reject with. */
import { afterEach, beforeEach } from 'vitest';
import { Speicher, type SpeicherOptions } from '../index.ts';
import { FakeServer, type FakePeer } from './fake-server.ts';

export class Fixture {
  server!: FakeServer;
  readonly #clients: Speicher[] = [];

  /** Has a server for every test of the file. */
  constructor() {
    beforeEach(async () => {
      this.server = await FakeServer.start();
    });
    afterEach(async () => {
      await Promise.all(this.#clients.splice(0).map((client) => client.close({ drainMs: 0 })));
      await this.server.stop();
    });
  }

  /** A client, which is closed after the test. */
  client(options: SpeicherOptions = {}): Speicher {
    const client = new Speicher({ host: '127.0.0.1', port: this.server.port, ...options });
    this.#clients.push(client);
    return client;
  }

  /** Has the client connected, by a first call: what is called next is sent at once. */
  async greet(client: Speicher): Promise<FakePeer> {
    const call = client.ping('PONG', { timeoutMs: 10_000 });
    const peer = await this.server.peer();
    peer.reply(await peer.request(), { value: 'PONG' });
    await call;
    return peer;
  }
}

/** What a call that must fail rejects with. */
export async function failure(call: Promise<unknown>) {
  const [result] = await Promise.allSettled([call]);
  if (result.status === 'fulfilled') throw new Error(`the call resolved with ${String(result.value)}`);
  return result.reason as Error & { code: string; outcome: string };
}

/** The codes and outcomes of calls that must fail. */
export async function failures(calls: Promise<unknown>[]): Promise<string[]> {
  return (await Promise.all(calls.map(failure))).map(({ code, outcome }) => `${code} ${outcome}`);
}
