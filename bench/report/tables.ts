/** The figures as Markdown: one function for each benchmark, from its result to its part of bench/README.md. */
import type { Header } from '../lib/results.ts';
import type { Summary } from '../lib/statistics.ts';
import { number, origin, percent, spread, table } from './format.ts';
import type {
  GrowthResult,
  HitsResult,
  MemoryResult,
  PausesResult,
  PrefixResult,
  ServersResult,
  StartResult,
} from './schemas.ts';
import {
  GROWTH_RATIO_TARGET,
  ITEM_BYTES_TARGET,
  PAUSE_TARGET_MS,
  PREFIX_TARGETS_MS,
  SERVER_TARGETS,
  START_TARGET_MS,
  TAIL_RATIO_TARGET,
  verdict,
} from './targets.ts';

export function part(title: string, header: Header, ...texts: readonly string[]): string {
  return [`### ${title}`, origin(header), ...texts].join('\n\n');
}

function ratioRow(title: string, batches: ServersResult['batches'], name: 'rivalRatio' | 'wireRatio'): string[] {
  const cells = batches.map((each) => {
    const ratio = each[name];
    if (ratio === undefined) return 'not measured';
    return `${spread(ratio)}; ${verdict(ratio.median, SERVER_TARGETS[each.batch]?.[name])}`;
  });
  return [title, ...cells];
}

function tailText(ratio: Summary | undefined): string {
  if (ratio === undefined) return '';
  return ` p99.9 of speicher / Redis: ${spread(ratio)}; ${verdict(ratio.median, TAIL_RATIO_TARGET)}.`;
}

export function serversPart(result: Header & ServersResult): string {
  const { batches, halfLoad, pinning, rounds, seconds } = result;
  const names = batches[0]?.servers.map(({ name }) => name) ?? [];
  const rowOf = (name: string, of: 'cpuUsPerOperation' | 'operationsPerSecond'): string[] => {
    const cells = batches.map(({ servers }) => servers.find((server) => server.name === name)?.[of]);
    return [name, ...cells.map((cell) => (cell === undefined ? 'not measured' : spread(cell)))];
  };
  const heads = batches.map(({ batch }) => `batches of ${batch}`);
  return part(
    'Servers',
    result,
    `Medians of ${rounds} rounds of ${seconds} s, with the least and the greatest; ${pinning}. CPU time of the server for ` +
      'an operation, in µs:',
    table([
      ['server', ...heads],
      ...names.map((name) => rowOf(name, 'cpuUsPerOperation')),
      ratioRow('speicher / better of Redis and memcached', batches, 'rivalRatio'),
      ratioRow('speicher / wire limit', batches, 'wireRatio'),
    ]),
    'Operations a second, with one core for the server and one for the load:',
    table([['server', ...heads], ...names.map((name) => rowOf(name, 'operationsPerSecond'))]),
    `Latency in µs at half load, ${number(halfLoad.rate)} requests a second for every server (half of what the slowest ` +
      `takes in batches of 1).${tailText(halfLoad.tailRatio)}`,
    table([
      ['server', 'median', 'p99', 'p99.9', 'waited for a core'],
      ...halfLoad.servers.map(({ name, p50Us, p99Us, p999Us, waitedShare }) => [
        name,
        spread(p50Us),
        spread(p99Us),
        spread(p999Us),
        percent(waitedShare),
      ]),
    ]),
  );
}

export function growthPart(result: Header & GrowthResult): string {
  const { batch, pinning, ratio, rounds, sizes } = result;
  return part(
    'Growth',
    result,
    `Batches of ${batch}, 90 % get, medians of ${rounds} rounds; ${pinning}. The most items against the fewest: ` +
      `${spread(ratio)}; ${verdict(ratio.median, GROWTH_RATIO_TARGET)}.`,
    table([
      ['items', 'µs an operation', 'µs a set while filling'],
      ...sizes.map(({ keys, cpuUsPerOperation, fillCpuUsPerOperation }) => [
        number(keys),
        spread(cpuUsPerOperation),
        number(fillCpuUsPerOperation),
      ]),
    ]),
  );
}

export function memoryPart(result: Header & MemoryResult): string {
  return part(
    'Memory',
    result,
    'Bytes for an item of 14 + 100 bytes: growth of the resident memory when filled, and after further sets and gets; ' +
      'by STATS, which counts what items take.',
    table([
      ['server', 'items', 'filled', 'loaded', 'by STATS', 'target for filled'],
      ...result.rows.map(({ name, items, residentBytesPerItem, loadedBytesPerItem, statsBytesPerItem }) => [
        name,
        number(items),
        number(residentBytesPerItem),
        number(loadedBytesPerItem),
        statsBytesPerItem === undefined ? '' : number(statsBytesPerItem),
        name === 'speicher' ? verdict(residentBytesPerItem, ITEM_BYTES_TARGET) : '',
      ]),
    ]),
  );
}

/** CPU time is counted in steps of 10 ms: of less than ten of them nothing is said. */
const CPU_MS_MIN = 100;

export function prefixPart(result: Header & PrefixResult): string {
  return part(
    'Prefix requests',
    result,
    `${number(result.items)} items. Milliseconds until the reply had been received and unpacked.`,
    table([
      ['request', 'items that match', 'ms', 'ms of CPU time', 'requests', 'target'],
      ...result.rows.map(({ request, matches, milliseconds, cpuMs, rounds }) => [
        request,
        number(matches),
        spread(milliseconds),
        cpuMs.median < CPU_MS_MIN ? '' : spread(cpuMs),
        String(rounds),
        verdict(milliseconds.median, PREFIX_TARGETS_MS[request]),
      ]),
    ]),
  );
}

export function pausesPart(result: Header & PausesResult): string {
  return part(
    'Pauses',
    result,
    `A PING every millisecond on a connection of its own; medians of ${result.rounds} rounds; ${result.pinning}.`,
    table([
      ['meanwhile', 'p99, ms', 'longest, ms', 'waited for a core in all, ms', 'target for the longest'],
      ...result.rows.map(({ scenario, p99Ms, maxMs, waitedMs }) => [
        scenario,
        spread(p99Ms),
        spread(maxMs),
        spread(waitedMs),
        verdict(maxMs.median, PAUSE_TARGET_MS),
      ]),
    ]),
  );
}

export function startPart(result: Header & StartResult): string {
  return part(
    'Start',
    result,
    `From the start of the process until it says that it listens; medians of ${result.rounds} rounds.`,
    table([
      ['process', 'ms', 'ms of CPU time', 'target'],
      ...result.rows.map(({ name, milliseconds, cpuMs }) => [
        name,
        spread(milliseconds),
        spread(cpuMs),
        name.startsWith('speicher') ? verdict(milliseconds.median, START_TARGET_MS) : '',
      ]),
    ]),
  );
}

export function hitsPart(result: Header & HitsResult): string {
  return part(
    'Hit ratios',
    result,
    `${number(result.keys)} keys, ${number(result.accesses)} accesses of which the second half counts, seed ` +
      `${result.seed}. The references hold as many items as the store held on average.`,
    table([
      ['trace', 'policy', 'cache', 'items', 'speicher', 'exact LRU', 'optimum'],
      ...result.rows.map(({ trace, policy, share, items, hitRatio, lruHitRatio, optHitRatio }) => [
        trace,
        policy,
        percent(share),
        number(items),
        percent(hitRatio),
        percent(lruHitRatio),
        percent(optHitRatio),
      ]),
    ]),
  );
}
