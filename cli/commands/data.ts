/** `speicher check` and `speicher repair`: the data of a server that does not run. */
import { Command } from 'commander';
import type { DataReport } from '../../server/log/check.ts';
import { EXIT } from '../exit-codes.ts';

function printReport({ files, items, problem, droppedBytes }: DataReport): void {
  for (const { name, bytes, blocks, records, badBytes, badAt } of files) {
    const bad = badAt === undefined ? '' : `, ${badBytes} bytes unreadable from byte ${badAt} on`;
    process.stdout.write(`${name}: ${bytes} bytes, ${blocks} blocks, ${records} records${bad}\n`);
  }
  if (droppedBytes > 0) process.stdout.write(`a torn end of ${droppedBytes} bytes would be dropped\n`);
  process.stdout.write(problem === undefined ? `good: ${items} items\n` : `${problem}\n${items} items can be saved\n`);
}

/** The directory must be this process's alone while it is read. */
async function withData<Result>(directory: string, run: () => Promise<Result>): Promise<Result> {
  const { lockDirectory } = await import('../../server/log/directory-lock.ts');
  const lock = await lockDirectory(directory);
  try {
    return await run();
  } finally {
    await lock.release();
  }
}

async function check(directory: string): Promise<void> {
  const [{ checkData }, { nodeDisk }] = await Promise.all([
    import('../../server/log/check.ts'),
    import('../../server/log/node-disk.ts'),
  ]);
  const report = await withData(directory, () => checkData(nodeDisk(directory)));
  printReport(report);
  if (report.problem !== undefined) process.exitCode = EXIT.miss;
}

async function repair(directory: string, { to }: { to: string }): Promise<void> {
  const [{ repairData }, { nodeDisk, openNodeDisk }, { systemClock }] = await Promise.all([
    import('../../server/log/check.ts'),
    import('../../server/log/node-disk.ts'),
    import('../../server/clock.ts'),
  ]);
  const report = await withData(directory, () =>
    repairData(nodeDisk(directory), openNodeDisk(to), () => systemClock.nowMs()),
  );
  printReport(report);
  process.stdout.write(`${report.items} items are written to ${to}\n`);
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
