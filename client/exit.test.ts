/** What a client does to the life of its process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeServer, replyBytes } from './testing/fake-server.ts';

const CLIENT = new URL('./index.ts', import.meta.url).href;

let server: FakeServer;

beforeAll(async () => {
  server = await FakeServer.start();
});

afterAll(async () => {
  await server.stop();
});

/** Runs a program that has a client `c`, and returns what it printed and its exit code. */
async function run(program: string): Promise<{ code: number | null; printed: string; tookMs: number }> {
  const source = `import { Speicher } from ${JSON.stringify(CLIENT)};
    const c = new Speicher({ host: '127.0.0.1', port: ${server.port} });
    ${program}`;
  const beganMs = performance.now();
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit') as Promise<[number | null]>]);
  return { code, printed, tookMs: performance.now() - beganMs };
}

test('a program that forgets close ends once it waits for nothing, well before any deadline', async () => {
  const done = run(`console.log(await c.set('a', 1), await c.get('a', { as: 'string', timeoutMs: 60_000 }));`);
  const peer = await server.peer();
  void peer.serve((request) => replyBytes(request, request.operation === 'GET' ? { value: '1' } : {}));
  expect(await done).toMatchObject({ code: 0, printed: 'true 1\n' });
  expect((await done).tookMs).toBeLessThan(8_000);
});

test('so does one that has given up its calls before it was connected', async () => {
  const done = run(`
    const controller = new AbortController();
    c.get('a', { signal: controller.signal }).catch((error) => console.log(error.code));
    controller.abort();
  `);
  const peer = await server.peer();
  expect(await done).toMatchObject({ code: 0, printed: 'SPEICHER_ABORTED\n' });
  await peer.closed;
});

test('a call that is waited for keeps the process alive until it settles', async () => {
  const done = run(`console.log(await c.get('a', { timeoutMs: 1_500 }).catch((error) => error.code));`);
  const peer = await server.peer();
  await peer.request();
  expect(await done).toMatchObject({ code: 0, printed: 'SPEICHER_TIMEOUT\n' });
});

test('lost and refused connections end no process, but by rejections that nobody handles', async () => {
  const done = run(`
    const calls = [c.get('a'), c.get('b')];
    for (const { reason } of await Promise.allSettled(calls)) console.log(reason.code);
    await c.close();
    await c.close();
    const refused = new Speicher('tcp://127.0.0.1:1');
    console.log((await refused.get('a').catch((error) => error)).code);
  `);
  const peer = await server.peer();
  await peer.requests(2);
  peer.socket.resetAndDestroy();
  const printed = 'SPEICHER_CONNECTION_LOST\nSPEICHER_CONNECTION_LOST\nSPEICHER_CONNECT\n';
  expect(await done).toMatchObject({ code: 0, printed });
});

test('after close nothing is left', async () => {
  const done = run(`
    await c.get('a', { timeoutMs: 60_000 });
    await c.close();
    console.log(process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|Immediate/.test(name)).length);
  `);
  const peer = await server.peer();
  void peer.serve((request) => replyBytes(request));
  expect(await done).toMatchObject({ code: 0, printed: '0\n' });
});
