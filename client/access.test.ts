/** Ways into the server of this repository: credentials, TLS, Unix sockets, names. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServer, type Server } from '../server/index.ts';
import { Speicher, type SpeicherOptions } from './index.ts';

let folder: string;
let server: Server;
let certificate: string;
let privateKey: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'speicher-client-'));
  const own = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  certificate = own.cert;
  privateKey = own.private;
  const files = { tlsCertFile: join(folder, 'cert.pem'), tlsKeyFile: join(folder, 'key.pem') };
  await writeFile(files.tlsCertFile, own.cert);
  await writeFile(files.tlsKeyFile, own.private);
  const listen = ['tcp://127.0.0.1:0', 'tls://127.0.0.1:0', `unix://${folder}/socket`];
  server = createServer({ listen, auth: ['ann:p@ss', ':only a password'], ...files });
  await server.start();
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** What the first call says. */
async function firstCall(options: string | SpeicherOptions): Promise<string> {
  await using client = new Speicher(options);
  return client
    .set('a', 1)
    .then(String, ({ code, outcome }: { code: string; outcome: string }) => `${code} ${outcome}`);
}

describe('credentials', () => {
  test('right ones, in options or in the URL', async () => {
    const [{ host, port }, , { path }] = server.addresses as [{ host: string; port: number }, object, { path: string }];
    expect(await firstCall({ host, port, user: 'ann', password: 'p@ss' })).toBe('true');
    expect(await firstCall(`tcp://ann:p%40ss@${host}:${port}`)).toBe('true');
    expect(await firstCall({ path, password: 'only a password' })).toBe('true');
  });

  test('wrong ones, and none: nothing was carried out', async () => {
    const { url } = server.addresses[0]!;
    expect(await firstCall({ url, user: 'ann', password: 'pass' })).toBe('SPEICHER_UNAUTHENTICATED rejected');
    expect(await firstCall(url)).toBe('SPEICHER_UNAUTHENTICATED rejected');
  });

  test('many large calls right behind AUTH', async () => {
    await using client = new Speicher({ url: server.addresses[0]!.url, user: 'ann', password: 'p@ss' });
    const calls = Array.from({ length: 50 }, (_, index) => client.set(`k${index}`, 'x'.repeat(100_000)));
    expect(await Promise.all(calls)).toEqual(calls.map(() => true));
    expect(await client.count('k')).toBe(50);
  });
});

describe('TLS', () => {
  test('with a certificate that is trusted', async () => {
    const { port } = server.addresses[1]!;
    const tls = { ca: certificate };
    const client = new Speicher({ url: `tls://ann:p%40ss@localhost:${port}`, tls });
    const values = Array.from({ length: 20 }, (_, index) => String(index).repeat(40_000));
    await Promise.all(values.map((value, index) => client.set(`t${index}`, value)));
    expect(await Promise.all(values.map((_, index) => client.get(`t${index}`)))).toEqual(values);
    await client.close();
    expect(await firstCall({ host: 'localhost', port: port!, tls, user: 'ann', password: 'p@ss' })).toBe('true');
  });

  test('a certificate that is not trusted: nothing is sent', async () => {
    let receivedBytes = 0;
    const stranger = createTlsServer({ cert: certificate, key: privateKey }, (socket) => {
      socket.on('data', (chunk: Buffer) => (receivedBytes += chunk.length));
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const { port } = stranger.address() as AddressInfo;
    expect(await firstCall(`tls://ann:p%40ss@localhost:${port}`)).toBe('SPEICHER_CONNECT not-sent');
    await new Promise((resolve) => stranger.close(resolve));
    expect(receivedBytes).toBe(0);
  });

  test('a server without TLS', async () => {
    const { port } = server.addresses[0]!;
    expect(await firstCall(`tls://localhost:${port}`)).toBe('SPEICHER_CONNECT not-sent');
  });
});

test('a server that stops answers what it has received; the next call finds none', async () => {
  const other = createServer({ listen: ['tcp://127.0.0.1:0'] });
  await other.start();
  await using client = new Speicher(other.addresses[0]!.url);
  await client.ping();
  const calls = Array.from({ length: 100 }, (_, index) => client.set(`k${index}`, index));
  // The requests leave at the end of this turn, and the server stops when it has read them.
  await new Promise(setImmediate);
  const stopped = other.stop();
  expect(await Promise.all(calls)).toEqual(calls.map(() => true));
  await stopped;
  await expect(client.get('a')).rejects.toMatchObject({ retryable: true });
});
