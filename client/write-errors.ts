/**
 * Makes a socket read on after a failed write. A server may answer and then reset the connection; who writes to it
 * before having looked gets an error, and the runtime then destroys the socket together with the replies that lie there
 * unread.
 */
import type { Socket } from 'node:net';

/** The end of what there is to read destroys the socket; should it not come, the write's error does, after so long. */
const READING_MS_MAX = 1_000;

type WriteCallback = (error?: Error | null) => void;

/** Holds the errors of this socket's writes back until everything that came before them has been read. */
export function readOnAfterFailedWrites(socket: Socket): void {
  const hold =
    (callback: WriteCallback): WriteCallback =>
    (error) => {
      if (error === null || error === undefined) return callback();
      const timer = setTimeout(callback, READING_MS_MAX, error);
      timer.unref();
      socket.once('close', () => clearTimeout(timer));
    };
  const write = socket._write.bind(socket);
  const writev = socket._writev?.bind(socket);
  socket._write = (chunk, encoding, callback) => write(chunk, encoding, hold(callback));
  if (writev !== undefined) socket._writev = (chunks, callback) => writev(chunks, hold(callback));
}
