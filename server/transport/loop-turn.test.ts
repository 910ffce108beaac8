/** Replies that wait for the log: one write for a turn of all connections, and what becomes of whom when it fails. */
import { expect, test } from 'vitest';
import type { GatedStream } from './gated-stream.ts';
import { Scene, turnEnd } from './testing/turn-scene.ts';

test('what all connections change in one turn is one write, and no reply leaves before it', async () => {
  const scene = await Scene.open();
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  scene.change(a, 'one');
  scene.change(b, 'two');
  scene.change(a, 'three');
  expect(scene.events).toEqual([]);
  await turnEnd();
  expect(scene.events).toEqual(['write', 'a: one', 'b: two', 'a: three']);
});

test('replies that tell of nothing new leave at the end of the turn too, and need no write', async () => {
  const scene = await Scene.open();
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  scene.reply(a, 'one');
  scene.reply(b, 'two');
  scene.reply(a, 'three');
  a.end();
  expect(scene.events).toEqual([]);
  await turnEnd();
  expect(scene.events.toSorted()).toEqual(['a ends', 'a: one', 'a: three', 'b: two']);
  expect(scene.events.filter((event) => event.startsWith('a'))).toEqual(['a: one', 'a: three', 'a ends']);
});

/** Brings a piece that is overwritten at once, as the buffer for the next read is. */
function bring(stream: GatedStream, text: string): void {
  const bytes = Buffer.from(`>>${text}<<`, 'latin1');
  stream.received(bytes, 2, bytes.length - 2);
  bytes.fill('!');
}

test('what has come is carried out in its order at the end of the turn, and then all replies leave', async () => {
  const scene = await Scene.open();
  const [a, b] = [scene.connectEcho('a'), scene.connectEcho('b')];
  bring(a, 'one');
  bring(b, 'two');
  bring(a, 'three');
  expect(scene.events).toEqual([]);
  await turnEnd();
  const done = ['a does one', 'b does two', 'a does three'];
  expect(scene.events.splice(0)).toEqual([...done, 'write', 'a: one', 'b: two', 'a: three']);
  await turnEnd();
  expect(scene.events).toEqual([]);
});

test('what is long is carried out at once, behind what came before it', async () => {
  const scene = await Scene.open();
  const [a, b] = [scene.connectEcho('a'), scene.connectEcho('b')];
  const long = 'x'.repeat(20_000);
  bring(a, 'one');
  bring(b, long);
  expect(scene.events.splice(0)).toEqual(['a does one', `b does ${long}`]);
  bring(a, 'two');
  await turnEnd();
  expect(scene.events).toEqual(['a does two', 'write', 'a: one', `b: ${long}`, 'a: two']);
});

test('what came before the client’s end, or before the connection broke, is carried out before it', async () => {
  const scene = await Scene.open();
  const [a, b] = [scene.connectEcho('a'), scene.connectEcho('b')];
  bring(a, 'one');
  a.ended();
  expect(scene.events.splice(0)).toEqual(['a does one', 'a has ended']);
  bring(b, 'two');
  b.closed(new Error('reset'));
  expect(scene.events.splice(0)).toEqual(['b does two', 'b is closed: reset']);
  await turnEnd();
  expect(scene.events).toEqual(['write', 'a: one']);
});

test('what comes while others are carried out is carried out at once', async () => {
  const scene = await Scene.open();
  const b = scene.connectEcho('b');
  // A connection that goes on reading may have another stream tell what that has kept.
  const a = scene.connect('a', (text) => {
    scene.events.push(`a does ${text}`);
    bring(b, 'kept');
    scene.events.push('a is done');
  });
  bring(a, 'one');
  bring(b, 'two');
  await turnEnd();
  const done = ['a does one', 'b does kept', 'a is done', 'b does two'];
  expect(scene.events).toEqual([...done, 'write', 'b: kept', 'b: two']);
});

test('more connections than there is room for in one turn are carried out all the same', async () => {
  const scene = await Scene.open();
  const streams = Array.from({ length: 100 }, (_, at) => scene.connectEcho(`${at}`));
  const texts = streams.map((_, at) => `${at}`.padEnd(3000, 'x'));
  streams.forEach((stream, at) => bring(stream, texts[at]!));
  const before = scene.events.filter((event) => event.includes(' does ')).length;
  expect(before).toBeGreaterThan(40);
  expect(before).toBeLessThan(100);
  await turnEnd();
  expect(scene.events.filter((event) => event.includes(' does '))).toEqual(
    texts.map((text, at) => `${at} does ${text}`),
  );
  expect(scene.events.filter((event) => event.includes(': '))).toEqual(texts.map((text, at) => `${at}: ${text}`));
  expect(scene.events.filter((event) => event === 'write').length).toBeGreaterThan(2);
});

test('replies leave before more is carried out once a turn has brought much', async () => {
  const scene = await Scene.open();
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  const piece = new Uint8Array(64 * 1024);
  scene.change(a, 'one');
  b.received(piece, 0, piece.length);
  b.received(piece, 0, piece.length);
  expect(scene.events).toEqual([]);
  b.received(piece, 0, 1);
  expect(scene.events.splice(0)).toEqual(['write', 'a: one']);
  // What comes then is of a new turn, in the same of the event loop.
  scene.change(a, 'two');
  b.received(piece, 0, piece.length);
  expect(scene.events).toEqual([]);
  await turnEnd();
  expect(scene.events).toEqual(['write', 'a: two']);
});

test('what is long leaves at once where it tells of nothing new and nothing waits before it', async () => {
  const scene = await Scene.open();
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  const long = 'x'.repeat(5000);
  scene.reply(a, long);
  expect(scene.events.splice(0)).toEqual([`a: ${long}`]);
  scene.reply(a, 'short');
  scene.reply(a, long);
  scene.change(b, 'changed');
  // It may tell of what is not written yet.
  scene.reply(b, long);
  expect(scene.events).toEqual([]);
  await turnEnd();
  expect(scene.events).toEqual(['write', 'a: short', `a: ${long}`, 'b: changed', `b: ${long}`]);
});

test('long replies are not copied, and come in their order all the same', async () => {
  const scene = await Scene.open();
  const a = scene.connect('a');
  const long = 'x'.repeat(5000);
  scene.change(a, long);
  scene.change(a, 'short');
  await turnEnd();
  expect(scene.events).toEqual(['write', `a: ${long}`, 'a: short']);
});

test.each(['EIO', 'ENOSPC'])(
  'a write that fails with %s closes those whose changes it had, and nobody else',
  async (code) => {
    const scene = await Scene.open();
    const [a, b, c] = [scene.connect('a'), scene.connect('b'), scene.connect('c')];
    scene.change(a, 'changed');
    scene.reply(b, 'read');
    scene.change(c, 'changed');
    scene.fault = () => code;
    await turnEnd();
    const closed = ['a is closed: the storage fails', 'c is closed: the storage fails'];
    expect(scene.events.splice(0)).toEqual(['write', ...closed, 'b: read']);
    scene.reply(b, 'read');
    await turnEnd();
    expect(scene.events).toEqual(['b: read']);
  },
);

test.each([
  ['everysec', 'write'],
  ['always', 'write'],
  ['always', 'sync'],
] as const)('with %s and a %s that fails, a change without a reply closes its connection', async (mode, failing) => {
  const scene = await Scene.open(mode);
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  scene.fault = (operation) => (operation === failing ? 'EIO' : undefined);
  scene.changeQuietly(a, 'quiet');
  await turnEnd();
  expect(scene.events).toContain('a is closed: the storage fails');
  scene.reply(b, 'read');
  await turnEnd();
  expect(scene.events.at(-1)).toBe('b: read');
});

test('with always and a sync by another thread that fails, a change without a reply closes its connection', async () => {
  const scene = await Scene.open('always');
  const a = scene.connect('a');
  scene.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
  scene.changeQuietly(a, 'x'.repeat(300_000));
  await turnEnd();
  await turnEnd();
  expect(scene.events).toEqual(['write', 'sync', expect.stringMatching(/^a is closed: .*EIO/)]);
});

test('who reads in the turn of another one whose change fails has its reply', async () => {
  const scene = await Scene.open();
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  scene.fault = (operation) => (operation === 'write' ? 'EIO' : undefined);
  scene.changeQuietly(a, 'quiet');
  scene.reply(b, 'read');
  await turnEnd();
  expect(scene.events).toEqual(['write', 'a is closed: the storage fails', 'b: read']);
});

test('the last slice of a request answers for those before it, and not for others’ changes', async () => {
  const scene = await Scene.open();
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  scene.fault = (operation) => (operation === 'write' ? 'EIO' : undefined);
  scene.changeQuietly(a, 'slice');
  b.beginRequests();
  scene.reply(b, 'read');
  b.endRequests();
  a.beginRequests();
  scene.reply(a, 'done');
  a.endRequests();
  await turnEnd();
  expect(scene.events).toEqual(['write', 'a is closed: the storage fails', 'b: read']);
});

test('what is changed when a reply leaves is answered for by the next turn', async () => {
  const scene = await Scene.open();
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  scene.reply(a, 'read');
  scene.log.demandSync();
  scene.reply(b, 'synced');
  scene.onDrained = (name, stream) => {
    if (name !== 'a') return;
    scene.onDrained = () => {};
    scene.fault = (operation) => (operation === 'write' ? 'EIO' : undefined);
    scene.change(stream, 'changed');
  };
  await turnEnd();
  await turnEnd();
  expect(scene.events).not.toContain('a: changed');
  expect(scene.events).toContain('a is closed: the storage fails');
});

test.each(['EIO', 'ENOSPC'])('what fails with %s before the turn ends is lost as well', async (code) => {
  const scene = await Scene.open();
  const a = scene.connect('a');
  scene.change(a, 'changed');
  scene.fault = () => code;
  scene.log.tick();
  await turnEnd();
  expect(scene.events.at(-1)).toBe('a is closed: the storage fails');
  expect(scene.events).not.toContain('a: changed');
});

/** Lets a sync take so long that the next ones are not done at once. */
async function makeSlow(scene: Scene): Promise<void> {
  scene.syncMs = 1000;
  scene.change(scene.connect('c'), 'slow');
  await turnEnd();
  expect(scene.events.splice(0)).toEqual(['write', 'sync', 'c: slow']);
}

test('with always and a quick disk, replies leave at the end of the turn, synced', async () => {
  const scene = await Scene.open('always');
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  for (const text of ['one', 'two']) {
    scene.change(a, text);
    scene.reply(b, 'read');
    await turnEnd();
    expect(scene.events.splice(0)).toEqual(['write', 'sync', `a: ${text}`, 'b: read']);
  }
});

test('with always and a quick disk, what is long is synced by another thread', async () => {
  const scene = await Scene.open('always');
  const a = scene.connect('a');
  scene.isSlow = true;
  const long = 'x'.repeat(300_000);
  scene.change(a, long);
  await turnEnd();
  expect(scene.events.splice(0)).toEqual(['write']);
  for (const call of scene.calls.splice(0)) call();
  await turnEnd();
  expect(scene.events.splice(0)).toEqual(['sync', `a: ${long}`]);
  // Much in all, but never much at a time.
  for (let at = 0; at < 300; at++) {
    const short = `${at}`.padEnd(1000, 'x');
    scene.change(a, short);
    await turnEnd();
    expect(scene.events.splice(0)).toEqual(['write', 'sync', `a: ${short}`]);
  }
});

test('a sync at once that fails closes those who have changed something', async () => {
  const scene = await Scene.open('always');
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  scene.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
  scene.change(a, 'changed');
  scene.reply(b, 'read');
  await turnEnd();
  expect(scene.events).toEqual(['write', 'sync', 'a is closed: the storage fails', 'b: read']);
  expect(scene.log.stats().state).toBe('failed');
});

test('SYNC waits until all is safe; others of its turn do not, and with always they do', async () => {
  for (const mode of ['everysec', 'always'] as const) {
    const scene = await Scene.open(mode);
    const [a, b] = [scene.connect('a'), scene.connect('b')];
    if (mode === 'always') await makeSlow(scene);
    scene.isSlow = true;
    scene.change(a, 'changed');
    scene.log.demandSync();
    scene.reply(b, 'synced');
    await turnEnd();
    expect(scene.events).toEqual(mode === 'always' ? ['write'] : ['write', 'a: changed']);
    // What comes behind it on its connection waits with it.
    scene.reply(b, 'read');
    for (const call of scene.calls.splice(0)) call();
    await turnEnd();
    expect(scene.events).toContain('a: changed');
    expect(scene.events.filter((event) => event.startsWith('b'))).toEqual(['b: synced', 'b: read']);
  }
});

test('what a connection changes when several replies have left is written before its next reply leaves', async () => {
  const scene = await Scene.open();
  const a = scene.connect('a');
  scene.reply(a, 'one');
  scene.reply(a, 'two');
  scene.onDrained = (_name, stream) => {
    scene.onDrained = () => {};
    scene.change(stream, 'three');
  };
  await turnEnd();
  await turnEnd();
  expect(scene.events).toEqual(['a: one', 'a: two', 'write', 'a: three']);
});

test('what a connection changes when a reply has left is safe before its next reply leaves', async () => {
  const scene = await Scene.open('always');
  await makeSlow(scene);
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  // One that waits for nothing leaves while another waits for its sync.
  scene.reply(a, 'read');
  scene.change(b, 'one');
  scene.onDrained = (_name, stream) => {
    scene.onDrained = () => {};
    scene.change(stream, 'two');
  };
  for (let turns = 0; turns < 4; turns++) await turnEnd();
  expect(scene.events.slice(0, 2)).toEqual(['write', 'a: read']);
  expect(scene.events.filter((event) => event === 'write')).toHaveLength(2);
  expect(scene.events.lastIndexOf('sync')).toBeGreaterThan(scene.events.lastIndexOf('write'));
  expect(scene.events.indexOf('a: two')).toBeGreaterThan(scene.events.lastIndexOf('sync'));
});

test('a sync that fails closes those who wait for it', async () => {
  const scene = await Scene.open();
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  scene.change(a, 'changed');
  scene.fault = (operation) => (operation === 'sync' ? 'EIO' : undefined);
  scene.log.demandSync();
  scene.reply(b, 'synced');
  await turnEnd();
  await turnEnd();
  expect(scene.events).toEqual(['write', 'a: changed', expect.stringMatching(/^b is closed: .*EIO/)]);
});

test('a reply that waits keeps its bytes, however many come and go meanwhile', async () => {
  const scene = await Scene.open();
  const [a, b] = [scene.connect('a'), scene.connect('b')];
  scene.isSlow = true;
  scene.log.demandSync();
  scene.reply(a, 'synced');
  const texts = Array.from({ length: 300 }, (_, at) => `${at}`.padEnd(1000, 'x'));
  for (const text of texts) {
    scene.change(b, text);
    await turnEnd();
  }
  for (const call of scene.calls.splice(0)) call();
  await turnEnd();
  const left = scene.events.filter((event) => event !== 'write');
  expect(left).toEqual([...texts.map((text) => `b: ${text}`), 'a: synced']);
});
