/** Servers on real directories, which end and go with the test that has made them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createServer, type Server, type ServerDependencies, type ServerOptionsInput } from '../index.ts';

/** Makes a folder that is there until the test has ended. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'speicher-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Starts a server on a directory; it is stopped when the test has ended, if it still runs. */
export async function serveData(
  data: string,
  options: ServerOptionsInput = {},
  dependencies: ServerDependencies = {},
): Promise<Server> {
  const server = createServer({ listen: ['tcp://127.0.0.1:0'], data, ...options }, dependencies);
  await server.start();
  onTestFinished(() => server.stop());
  return server;
}
