/** A server in the process of the tests, for one file of them. */
import { afterAll } from 'vitest';
import { Speicher, type SpeicherOptions } from '../../client/index.ts';
import { createServer, type ServerOptionsInput } from '../../server/index.ts';

/** Starts a server on a port of its own, and a client of it; both end with the file's tests. */
export async function startOwnServer(
  options: ServerOptionsInput = {},
  clientOptions: SpeicherOptions = {},
): Promise<{ url: string; client: Speicher }> {
  const server = createServer({ listen: ['tcp://127.0.0.1:0'], ...options });
  await server.start();
  const { url } = server.addresses[0]!;
  const client = new Speicher({ url, ...clientOptions });
  afterAll(async () => {
    await client.close();
    await server.stop();
  });
  return { url, client };
}
