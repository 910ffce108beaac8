/** `speicher check`, `repair` and `backup`: what a server keeps on a disk. */
import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { Command } from 'commander';
import { SpeicherError } from '../../protocol/index.ts';
import type { DataReport } from '../../server/log/check.ts';
import type { FileReport } from '../../server/log/salvage.ts';
import { EXIT, errorLine } from '../exit-codes.ts';

function fileText({ bytes, blocks, records, badBytes, badAt, trouble }: FileReport): string {
  if (trouble !== undefined) return trouble;
  const bad = badAt === undefined ? '' : `, ${badBytes} bytes unreadable from byte ${badAt} on`;
  return `${bytes} bytes, ${blocks} blocks, ${records} records${bad}`;
}

function printReport({ files, items, problem, droppedBytes }: DataReport): void {
  for (const file of files) process.stdout.write(`${file.name}: ${fileText(file)}\n`);
  if (droppedBytes > 0) process.stdout.write(`a torn end of ${droppedBytes} bytes would be dropped\n`);
  process.stdout.write(
    problem === undefined ? `good: ${items} items\n` : `${errorLine(problem)}\n${items} items can be saved\n`,
  );
}

/**
 * There are data in the directory, and another one does not lie in it.
 *
 * @throws SpeicherError `SPEICHER_OPTION`
 */
async function expectData(directory: string, other?: string): Promise<void> {
  const path = await realpath(directory).catch(() => undefined);
  if (path === undefined || !(await stat(path)).isDirectory()) {
    throw new SpeicherError('SPEICHER_OPTION', `${directory} is no directory`);
  }
  const [{ hasData }, { noData }] = await Promise.all([
    import('../../server/log/durable-store.ts'),
    import('../../server/log/manifest.ts'),
  ]);
  if (!(await hasData(path))) throw noData();
  if (other === undefined) return;
  const [first] = relative(path, resolve(other)).split(sep);
  if (first !== '..' && !isAbsolute(first ?? '')) {
    throw new SpeicherError('SPEICHER_OPTION', `${other} is ${directory} or lies in it`);
  }
}

/**
 * The directory must be this process's alone while it is read. Where nothing can be written, as on a file system that
 * the system has made read-only because its disk fails, nobody has it.
 */
async function withData<Result>(directory: string, run: () => Promise<Result>): Promise<Result> {
  const { lockDirectory } = await import('../../server/log/directory-lock.ts');
  const lock = await lockDirectory(directory).catch((error: unknown) => {
    if (error instanceof SpeicherError && Reflect.get(error.cause ?? {}, 'code') === 'EROFS') return undefined;
    throw error;
  });
  try {
    return await run();
  } finally {
    await lock?.release();
  }
}

async function check(directory: string): Promise<void> {
  const [{ checkData }, { nodeDisk }] = await Promise.all([
    import('../../server/log/check.ts'),
    import('../../server/log/node-disk.ts'),
  ]);
  await expectData(directory);
  const report = await withData(directory, () => checkData(nodeDisk(directory, 'r')));
  printReport(report);
  if (report.problem !== undefined) process.exitCode = EXIT.miss;
}

async function repair(directory: string, { to }: { to: string }): Promise<void> {
  const [{ repairData }, { nodeDisk, openNodeDisk }, { systemClock }] = await Promise.all([
    import('../../server/log/check.ts'),
    import('../../server/log/node-disk.ts'),
    import('../../server/clock.ts'),
  ]);
  await expectData(directory, to);
  const report = await withData(directory, () =>
    repairData(nodeDisk(directory, 'r'), openNodeDisk(to), () => systemClock.nowMs()),
  );
  printReport(report);
  process.stdout.write(`${report.items} items are written to ${to}\n`);
  if (report.problem !== undefined && report.items === 0) process.exitCode = EXIT.miss;
}

/** The owner of the directory, if there is one, goes on as it does: nothing is locked, and nothing changed. */
async function backup(directory: string, { to }: { to: string }): Promise<void> {
  const [{ backupData }, { checkData }, { nodeDisk, openNodeDisk }] = await Promise.all([
    import('../../server/log/backup.ts'),
    import('../../server/log/check.ts'),
    import('../../server/log/node-disk.ts'),
  ]);
  await expectData(directory, to);
  const copy = openNodeDisk(to);
  const bytes = await backupData(nodeDisk(directory, 'r'), copy);
  // A copy that has never been read is a hope.
  const { items, problem, droppedBytes } = await checkData(copy);
  if (problem !== undefined) {
    process.stdout.write(`the copy is damaged, as the data are: ${errorLine(problem)}\n`);
    process.exitCode = EXIT.miss;
    return;
  }
  const dropped = droppedBytes === 0 ? '' : `; ${droppedBytes} bytes at the end were just being written`;
  process.stdout.write(`${items} items, ${bytes} bytes, are copied to ${to}${dropped}\n`);
}

/** The subcommand `check`, for the program. */
export function checkCommand(): Command {
  return new Command('check')
    .summary('look at the data of a server that does not run')
    .description('Reads all files of a data directory and tells what is good and what is damaged. Changes nothing.')
    .argument('<DIR>', 'what the server is given as --data')
    .action(check);
}

/** The subcommand `repair`, for the program. */
export function repairCommand(): Command {
  return new Command('repair')
    .summary('save what can be read of damaged data')
    .description(
      'Writes all that can be read of a data directory to another one. Of items whose last changes are damaged an ' +
        'older state may come back.',
    )
    .argument('<DIR>', 'what the server is given as --data')
    .requiredOption('--to <OTHER>', 'an empty directory')
    .action(repair);
}

/** The subcommand `backup`, for the program. */
export function backupCommand(): Command {
  return new Command('backup')
    .summary('copy the data directory of a server, running or not')
    .description(
      'Copies a data directory to another one, which serve --data takes, and reads the copy to be sure of it. The ' +
        'server may run and write meanwhile: the copy is what a kill at one moment would have left.',
    )
    .argument('<DIR>', 'what the server is given as --data')
    .requiredOption('--to <OTHER>', 'an empty directory; it is made if it is not there')
    .action(backup);
}
