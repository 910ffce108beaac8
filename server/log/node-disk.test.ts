import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openNodeDisk } from './node-disk.ts';

test('zeros are written where they should be, as many as were asked for', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'speicher-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const file = await openNodeDisk(directory).create('file');
  onTestFinished(() => file.close());
  for (const sizeBytes of [1, 4095, 4096, 4097, 262_144]) {
    file.writeNow(Buffer.alloc(sizeBytes + 6, 'x'), 0);
    expect(file.writeZerosNow(sizeBytes, 3)).toBe(sizeBytes);
    const found = Buffer.alloc(sizeBytes + 6);
    expect(await file.read(found, 0)).toBe(found.length);
    expect(found).toEqual(Buffer.from(`xxx${'\0'.repeat(sizeBytes)}xxx`));
  }
});
