/** Who resets its connection amid requests gets no reply any more, and neither does anybody else get it. */
import { expect, onTestFinished, test } from 'vitest';
import { FLAG } from '../protocol/index.ts';
import { createServer } from './index.ts';
import { silentLogger, type Logger } from './logger.ts';
import { RawPeer, requestBytes } from './testing/raw-peer.ts';

const ITEMS = 5000;
const RESETS = 10;
const SECRET = 'secret '.repeat(1000);

test.each(['auto', 'plain'] as const)('replies to who has gone reach nobody (transport %s)', async (transport) => {
  let tellClosed: (() => void) | undefined;
  const note = ({ event }: { event: unknown }): unknown => event === 'closed' && tellClosed?.();
  const logger: Logger = { ...silentLogger, debug: note };
  const server = createServer({ listen: ['tcp://127.0.0.1:0'], transport }, { logger });
  await server.start();
  onTestFinished(() => server.stop());
  const peer = await RawPeer.connect(server);
  const keys = Array.from({ length: ITEMS }, (_, at) => `k${at}`);
  peer.send(Buffer.concat(keys.map((key) => requestBytes('SET', { key }))));
  for (const _key of keys) await peer.reply();
  await peer.ask('SET', { key: 'secret', value: SECRET });
  const others = await Promise.all([1, 2, 3].map(() => RawPeer.connect(server)));
  const load = { isOver: false };
  const asked = others.map(async (other) => {
    for (let id = 1; !load.isOver; id++)
      expect(await other.ask('PING', { id, value: 'x' })).toMatchObject({ id, text: 'x' });
  });
  for (let reset = 0; reset < RESETS; reset++) {
    const leaving = await RawPeer.connect(server);
    leaving.socket.on('error', () => {});
    const closed = new Promise<void>((resolve) => (tellClosed = resolve));
    // The first is done in slices, with others' requests between them.
    const touch = requestBytes('TOUCH', { key: 'k', flags: FLAG.PREFIX, id: 7 });
    leaving.send(Buffer.concat([touch, requestBytes('GET', { key: 'secret', id: 8 })]));
    await peer.ask('PING');
    leaving.socket.resetAndDestroy();
    await closed;
  }
  load.isOver = true;
  await Promise.all(asked);
});
