/**
 * One process at a time uses a directory: its owner listens on a socket in it. The kernel closes that with the process,
 * however it ends, so a lock that nobody holds is known by that nobody answers; and no number of a process is mistaken
 * for another's, be it after a restart of the machine or in another container.
 */
import { link, lstat, open, rename, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { SpeicherError } from '../../protocol/index.ts';

const LOCK = 'lock';

/** The longest path that a Unix socket's address takes everywhere, in bytes. */
const SOCKET_PATH_BYTES_MAX = 100;

const ATTEMPTS = 5;

/** How long an owner that is busy may take to accept. */
const ANSWER_MS = 1000;

export interface DirectoryLock {
  /** Lets another process have the directory. */
  release(): Promise<void>;
}

/**
 * Takes the directory for this process.
 *
 * @throws SpeicherError `SPEICHER_DATA_IN_USE` if another process has it, `SPEICHER_STORAGE` if it cannot be known
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  // A path through the descriptor of the directory is short, whatever the directory's own is.
  const isLong = Buffer.byteLength(join(directory, LOCK)) > SOCKET_PATH_BYTES_MAX;
  const handle = isLong ? await open(directory, 'r') : undefined;
  const base = handle === undefined ? directory : `/proc/self/fd/${handle.fd}`;
  try {
    const server = await take(base, directory);
    return {
      release: async () => {
        await unlink(join(base, LOCK)).catch(() => {});
        await new Promise((resolve) => server.close(resolve));
        await handle?.close();
      },
    };
  } catch (error) {
    await handle?.close();
    if (error instanceof SpeicherError) throw error;
    throw new SpeicherError('SPEICHER_STORAGE', `${directory} cannot be locked`, { cause: error });
  }
}

async function take(base: string, directory: string): Promise<Server> {
  const path = join(base, LOCK);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const server = await listen(path);
    if (server !== undefined) return server;
    await expectSocket(path);
    if (await isHeld(path)) throw inUse(directory);
    await moveAway(base, directory);
  }
  throw inUse(directory);
}

/** What is no socket is nobody's lock, and may be somebody's file. */
async function expectSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (stats?.isSocket() === false) throw new Error(`"${LOCK}" in it is no socket`);
}

/**
 * Moves a dead lock away. Between finding it dead and moving it another process may have put its own there: what was
 * moved is asked again, and put back if it answers.
 */
async function moveAway(base: string, directory: string): Promise<void> {
  const path = join(base, LOCK);
  const aside = join(base, `${LOCK}.${process.pid}`);
  try {
    await rename(path, aside);
  } catch (error) {
    if (await isThere(path)) throw error;
    return;
  }
  if (await isHeld(aside)) {
    await link(aside, path).catch(() => {});
    await unlink(aside).catch(() => {});
    throw inUse(directory);
  }
  await unlink(aside);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** @returns undefined if there is something at the path */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(path, () => {
      // It keeps no process alive that has nothing else to do.
      server.unref();
      resolve(server);
    });
  });
}

/**
 * Whether a process listens at the path. One that answers nobody any more, because it was stopped or is too busy, is
 * there all the same: the system then says EAGAIN, or lets wait.
 *
 * @throws Error if it cannot be known, as without the right to ask
 */
function isHeld(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(ANSWER_MS, () => end(true));
    socket.once('connect', () => end(true));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') end(false);
      else if (error.code === 'EAGAIN') end(true);
      else reject(error);
    });
  });
}

function inUse(directory: string): SpeicherError {
  return new SpeicherError('SPEICHER_DATA_IN_USE', directory);
}
