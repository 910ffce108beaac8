/** Servers on disk that lose what they promised to keep (section 8); each is a process of its own. */
import type { Mutant } from '../subjects/subject.ts';

export const durabilityMutants: readonly Mutant[] = [
  {
    name: 'ack-before-write',
    clause: 'DURABLE-1',
    about: 'What is carried out, and SYNC, is answered at once and written 200 ms later.',
    durable: 'ack-before-write',
  },
  {
    name: 'resurrected-delete',
    clause: 'DURABLE-1',
    about: 'A DELETE is carried out in memory alone.',
    durable: 'resurrected-delete',
  },
  {
    name: 'resurrected-reset',
    clause: 'DURABLE-1',
    about: 'A RESET is carried out in memory alone.',
    durable: 'resurrected-reset',
  },
  {
    name: 'torn-tail-served',
    clause: 'DURABLE-1',
    about: 'A record is written in two parts, and half a one at the end of the file is read as if it were whole.',
    durable: 'torn-tail-served',
  },
  {
    name: 'tags-are-forgotten',
    clause: 'DURABLE-1',
    about: 'An item comes back without its TAG.',
    durable: 'tags-are-forgotten',
  },
  {
    name: 'prefix-in-halves',
    clause: 'DURABLE-1',
    about: 'A prefix SET writes the value of an item first and its TAG later.',
    durable: 'prefix-in-halves',
  },
  {
    name: 'sync-does-nothing',
    clause: 'SYNC-1',
    about: 'SYNC is answered without fsync, which a kill does not show and a loss of power does.',
    durable: 'sync-does-nothing',
  },
  {
    name: 'ignores-sigterm',
    clause: 'DURABLE-2',
    about: 'SIGTERM and SIGINT have no effect.',
    durable: 'ignores-sigterm',
    hangs: true,
  },
  {
    name: 'ends-by-the-signal',
    clause: 'DURABLE-2',
    about: 'Nothing handles SIGTERM and SIGINT, so the system ends the process.',
    durable: 'ends-by-the-signal',
  },
  {
    name: 'ends-with-status-1',
    clause: 'DURABLE-2',
    about: 'An orderly stop ends with status 1.',
    durable: 'ends-with-status-1',
  },
  {
    name: 'ends-without-answering',
    clause: 'DURABLE-2',
    about: 'What has arrived and is not answered when the signal comes never is.',
    durable: 'ends-without-answering',
  },
  {
    name: 'loses-all-when-it-stops',
    clause: 'DURABLE-2',
    about: 'An orderly stop empties the file.',
    durable: 'loses-all-when-it-stops',
  },
  {
    name: 'clock-stops-while-down',
    clause: 'DURABLE-3',
    about: 'What is stored is how long an item lives, and it lives as long again from the next start on.',
    durable: 'clock-stops-while-down',
  },
  {
    name: 'versions-start-anew',
    clause: 'DURABLE-4',
    about: 'After a start versions and tokens go on from the greatest among the items that are left.',
    durable: 'versions-start-anew',
  },
];
