/**
 * Whether the programs in C do what they are for: builds them, loads our server and the wire limit for a second each,
 * and lets the load generator meet servers that answer wrongly, which it must not take.
 *
 *     node --import tsx bench/smoke.ts
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fill, load, type LoadMeasure } from './lib/load.ts';
import { buildNative, nativePath } from './lib/native.ts';
import { startSubject, type Subject, type SubjectName } from './lib/subjects.ts';

const WORK = { keys: 1000, connections: 5, batch: 16, seconds: 1 };

async function takes(name: SubjectName): Promise<void> {
  const subject = await startSubject(name);
  try {
    const filled = await fill(subject, WORK);
    const { operations, hits, misses, server } = await load(subject, WORK);
    if (filled.operations !== WORK.keys || misses > 0 || hits < operations / 2) {
      throw new Error(`${name}: ${filled.operations} set, ${operations} operations, ${hits} hits, ${misses} misses`);
    }
    if (server.residentBytes === 0 || server.userSeconds + server.systemSeconds === 0) {
      throw new Error(`nothing is known of the process of ${name}`);
    }
    console.log(`${name}: ${operations} replies were right, ${hits} of them hits`);
  } finally {
    await subject.stop();
  }
}

/** One connection asks once, for key 0, with id 0. */
const ONE_GET = { keys: 1, connections: 1, getShare: 1, rate: 1, seconds: 0.9 };
/** Later than that: with a rate the replies that are still owed are the ones that count most. */
const LATE_MS = 1500;

const hex = (digits: string): Buffer => Buffer.from(digits, 'hex');
const packet = (opaque: string): Buffer => hex(`810000000000000100000000${opaque}${'00'.repeat(8)}`);
const WRONG_VALUE = 'x'.repeat(100);

/** What a server may answer that has no such key. It is taken: what is refused below is not the set-up. */
const RIGHT: readonly [Subject['protocol'], Buffer][] = [
  ['speicher', hex('000000089000019400000000')],
  ['memcached-binary', packet('00000000')],
  ['memcached-text', Buffer.from('END\r\n')],
  ['resp', Buffer.from('$-1\r\n')],
];

const WRONG: readonly [what: string, Subject['protocol'], Buffer][] = [
  ['another status', 'speicher', hex('00000008900001f400000000')],
  ['another opcode', 'speicher', hex('00000008910000c800000000')],
  ['another id', 'speicher', hex('000000089000019400000001')],
  ['a field that nobody asked for', 'speicher', hex('0000000c900400c80000000000000007')],
  ['a value that is too short', 'speicher', hex('00000009900000c80000000078')],
  ['a wrong value', 'speicher', hex(`0000006c900000c800000000${'78'.repeat(100)}`)],
  ['a reply too many', 'speicher', hex('000000089000019400000000'.repeat(2))],
  ['another id', 'memcached-binary', packet('00000001')],
  ['another key', 'memcached-text', Buffer.from(`VALUE key:0000000001 0 100\r\n${WRONG_VALUE}\r\nEND\r\n`)],
  ['a wrong value', 'memcached-text', Buffer.from(`VALUE key:0000000000 0 100\r\n${WRONG_VALUE}\r\nEND\r\n`)],
  ['an error', 'memcached-text', Buffer.from('ERROR\r\n')],
  ['a wrong value', 'resp', Buffer.from(`$100\r\n${WRONG_VALUE}\r\n`)],
  ['a value of another length', 'resp', Buffer.from('$1\r\nx\r\n')],
  ['an error', 'resp', Buffer.from('-ERR no\r\n')],
];

/** Lets the load generator ask a server that answers the first request with these bytes, whatever it is. */
async function askOnce(protocol: Subject['protocol'], answer: Buffer, afterMs = 0): Promise<LoadMeasure> {
  const server = createServer((socket) => {
    // The load generator hangs up on a wrong answer.
    socket.on('error', () => {});
    socket.once('data', () => setTimeout(() => socket.write(answer), afterMs));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    return await load({ name: protocol, protocol, port, pid: process.pid, loadArgs: [] }, ONE_GET);
  } finally {
    server.close();
  }
}

async function refuses(what: string, protocol: Subject['protocol'], answer: Buffer): Promise<void> {
  const complaint = await askOnce(protocol, answer).then(() => '', String);
  if (!/a wrong reply to get|nothing had asked for/.test(complaint)) {
    throw new Error(`${protocol}: ${what} is not refused; ${complaint}`);
  }
  console.log(`${protocol}: ${what} is refused`);
}

buildNative();
const { status } = spawnSync(nativePath('histogram-test'), { stdio: 'inherit' });
if (status !== 0) throw new Error('the histogram is wrong');
await takes('speicher');
await takes('wire limit');
for (const [protocol, answer] of RIGHT) {
  const { misses } = await askOnce(protocol, answer);
  if (misses !== 1) throw new Error(`${protocol}: a miss is not counted`);
}
const late = await askOnce('resp', Buffer.from('$-1\r\n'), LATE_MS);
if (late.misses !== 1 || late.latencyUs.max < LATE_MS * 1000) throw new Error('a reply after the end is not counted');
for (const [what, protocol, answer] of WRONG) await refuses(what, protocol, answer);
