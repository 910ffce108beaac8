/** `speicher check`, `repair` and `backup`, as a user runs them: what they say, how they end, and what they leave. */
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Speicher } from '../client/index.ts';
import { run, serve, type Run } from './testing/run-speicher.ts';

// Processes are started here, and on a busy machine each takes a second to begin.
vi.setConfig({ testTimeout: 60_000 });

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'speicher-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

const speicher = (...args: readonly string[]): Promise<Run> => run(args);

/** What a server has left that was stopped in order. */
async function writeData(items: number): Promise<string> {
  const data = join(await temporaryFolder(), 'data');
  const server = await serve(['--data', data]);
  const client = new Speicher(server.urls[0]);
  for (let item = 0; item < items; item++) await client.set(`k${item}`, `value ${item}`);
  await client.close();
  expect(await server.stop()).toBe(0);
  return data;
}

test('good data are good, and damaged ones are told of and saved', async () => {
  const data = await writeData(3);
  const saved = join(await temporaryFolder(), 'saved');
  const good = await speicher('check', data);
  expect(good).toMatchObject({ code: 0, stderr: '' });
  expect(good.stdout).toMatch(/^log-1: \d+ bytes, \d+ blocks, \d+ records\ngood: 3 items\n$/);
  const bytes = await readFile(join(data, 'log-1'));
  bytes[bytes.indexOf('value 1')]! ^= 1;
  await writeFile(join(data, 'log-1'), bytes);
  const damaged = await speicher('check', data);
  expect(damaged.code).toBe(1);
  expect(damaged.stdout).toMatch(
    /bytes unreadable from byte \d+ on\nSPEICHER_DATA_CORRUPT: .*\n2 items can be saved\n$/,
  );
  const repaired = await speicher('repair', data, '--to', saved);
  expect(repaired).toMatchObject({ code: 0, stderr: '' });
  expect(repaired.stdout).toMatch(/2 items are written to /);
  expect(await speicher('check', saved)).toMatchObject({ code: 0, stdout: expect.stringContaining('good: 2 items') });
  expect(await readFile(join(data, 'log-1'))).toEqual(bytes);
  expect((await readdir(data)).toSorted()).toEqual(['log-1', 'manifest']);
});

test('an end that is missing behind an orderly stop is no torn tail', async () => {
  const data = await writeData(3);
  const bytes = await readFile(join(data, 'log-1'));
  await writeFile(join(data, 'log-1'), bytes.subarray(0, bytes.indexOf('value 1')));
  const { code, stdout } = await speicher('check', data);
  expect(code).toBe(1);
  expect(stdout).toMatch(/SPEICHER_DATA_CORRUPT: .*log-1, at byte \d+: block \d+ was safe once/);
});

test('where nothing can be saved repair says so by its exit code', async () => {
  const data = await writeData(1);
  await rm(join(data, 'log-1'));
  const { code, stdout } = await speicher('repair', data, '--to', join(await temporaryFolder(), 'saved'));
  expect(code).toBe(1);
  expect(stdout).toMatch(/log-1.*is missing[^]*0 items are written to /);
});

test('a path that has no data is a wrong path, and nothing is made of it', async () => {
  const folder = await temporaryFolder();
  const [empty, missing, file, to] = ['empty', 'missing', 'file', 'to'].map((name) => join(folder, name));
  await mkdir(empty!);
  await writeFile(file!, '');
  for (const path of [empty, missing, file]) {
    expect(await speicher('check', path!)).toMatchObject({ code: 2, stdout: '' });
    expect(await speicher('repair', path!, '--to', to!)).toMatchObject({ code: 2, stdout: '' });
    expect(await speicher('backup', path!, '--to', to!)).toMatchObject({ code: 2, stdout: '' });
  }
  expect((await speicher('check', missing!)).stderr).toContain(`${missing} is no directory`);
  expect(await readdir(empty!)).toEqual([]);
  expect((await readdir(folder)).toSorted()).toEqual(['empty', 'file']);
});

test('neither repair nor backup writes into what it reads', async () => {
  const data = await writeData(1);
  const before = (await readdir(data)).toSorted();
  for (const command of ['repair', 'backup']) {
    for (const to of [data, join(data, 'inside'), `${data}/../data/inside`]) {
      const { code, stderr } = await speicher(command, data, '--to', to);
      expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('lies in it') });
    }
  }
  expect((await readdir(data)).toSorted()).toEqual(before);
});
