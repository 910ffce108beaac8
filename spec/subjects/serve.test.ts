import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { MUTANTS } from '../mutants/index.ts';
import { checkSubjects } from './subject.ts';
import { Cutter } from './cutter.ts';
import { frameOf } from './bodies.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Starts a program; resolves to what it printed by its end, or by its first line. */
async function start(side: 'mutants' | 'variants', ...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', `spec/${side}/serve.ts`, ...args], { cwd: ROOT });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, exited, text: text.toString() };
}

const portIn = (text: string): number => Number(/ is listening on tcp:\/\/127\.0\.0\.1:(\d+)\n/.exec(text)?.[1]);

test('a subject is a program that says where it listens, and ends in order', async () => {
  const { child, exited, text } = await start('variants', 'core-alone', '--listen', 'tcp://127.0.0.1:0');
  const socket = createConnection({ host: '127.0.0.1', port: portIn(text) });
  socket.write(Buffer.from('000000080200000000000007', 'hex'));
  const [reply] = (await once(socket, 'data')) as [Buffer];
  expect(reply.toString('hex')).toBe('00000008820000c800000007');
  socket.destroy();
  child.kill('SIGTERM');
  expect((await exited)[0]).toBe(0);
}, 20_000);

test('a mutant that dies of its defect ends as a process', async () => {
  const { exited, text } = await start('mutants', 'bad-json-kills-the-process');
  const socket = createConnection({ host: '127.0.0.1', port: portIn(text) });
  socket.on('error', () => {});
  socket.write(frameOf(Buffer.from('{')));
  expect((await exited)[0]).toBe(1);
}, 20_000);

test('an unknown name lists the names', async () => {
  const { exited, text } = await start('mutants', 'no-such-mutant');
  expect((await exited)[0]).toBe(2);
  expect(text).toContain('usage');
}, 20_000);

test('names are told apart and can be typed', () => {
  const [first] = MUTANTS;
  expect(() => checkSubjects([first!, first!])).toThrow('two subjects');
  expect(() => checkSubjects([{ ...first!, name: 'No Name' }])).toThrow('kebab-case');
});

test('frames are cut wherever reads end, and what is none is kept', () => {
  const bodies = [Buffer.from('{"a":1}'), Buffer.alloc(8, 2), Buffer.alloc(300, 3)];
  const stream = Buffer.concat(bodies.map(frameOf));
  for (const size of [1, 3, 4, 5, 11, 400]) {
    const cutter = new Cutter();
    const cut: Buffer[] = [];
    for (let at = 0; at < stream.length; at += size) cut.push(...cutter.push(stream.subarray(at, at + size)));
    expect(cut).toEqual(bodies);
    expect(cutter.rest()).toHaveLength(0);
  }
  const broken = new Cutter(100);
  expect(broken.push(stream)).toEqual(bodies.slice(0, 2));
  expect(broken.isBroken).toBe(true);
  expect(broken.rest()).toEqual(frameOf(bodies[2]!));
});
