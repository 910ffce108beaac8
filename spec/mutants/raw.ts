/** Servers that are none of this protocol at all. */
import { frameOf } from '../subjects/bodies.ts';
import type { Mutant } from '../subjects/subject.ts';

export const rawMutants: readonly Mutant[] = [
  {
    name: 'closed-port',
    clause: 'TRANSPORT-1',
    about: 'Nobody listens.',
    unreachable: true,
  },
  {
    name: 'never-answers',
    clause: 'TRANSPORT-1',
    about: 'Connections are accepted and everything is read, and that is all.',
    hangs: true,
    raw: (socket) => void socket.resume(),
  },
  {
    name: 'http-server',
    clause: 'TRANSPORT-1',
    about: 'Every read is answered with HTTP’s own 400, and the connection closed.',
    raw: (socket) => {
      socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
    },
  },
  {
    name: 'closes-at-once',
    clause: 'TRANSPORT-7',
    about: 'Every connection is accepted and closed.',
    raw: (socket) => void socket.end(),
  },
  {
    name: 'echo-server',
    clause: 'FRAME-5',
    about: 'Everything comes back as it was sent.',
    raw: (socket) => void socket.pipe(socket),
  },
  {
    name: 'garbage-for-ever',
    clause: 'FRAME-1',
    about: 'Zeros and ones, for as long as somebody reads.',
    raw: (socket) => {
      const noise = Buffer.alloc(1 << 16, 0xa5);
      const more = (): void => void (socket.writable && socket.write(noise, () => setImmediate(more)));
      socket.resume();
      more();
    },
  },
  {
    name: 'empty-frames',
    clause: 'FRAME-3',
    about: 'Every read is answered with a frame of length 0.',
    raw: (socket) => {
      socket.on('data', () => socket.write(frameOf(Buffer.alloc(0))));
    },
  },
];
