/** Numbers and tables as they are written. */
import type { Header } from '../lib/results.ts';
import type { Summary } from '../lib/statistics.ts';

const DIGITS = 3;

/** Three significant digits, without an exponent; whole numbers from 100 on, in groups of three from 10 000 on. */
export function number(value: number): string {
  const decimals = value === 0 ? 0 : Math.max(0, DIGITS - 1 - Math.floor(Math.log10(Math.abs(value))));
  const [whole = '', fraction] = value.toFixed(decimals).split('.');
  const grouped = whole.length > 4 ? whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ' ') : whole;
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** The median, and the least and greatest of all rounds. */
export function spread({ median, min, max }: Summary): string {
  return `${number(median)} (${number(min)}–${number(max)})`;
}

/** A share as per cent. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** A Markdown table; the first row is its head. */
export function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  return [line(head), line(head.map(() => '---')), ...body.map((cells) => line(cells))].join('\n');
}

/** When, on what and with what something was measured. */
export function origin({ date, machine, versions }: Header): string {
  const { commit, node, redis, memcached } = versions;
  const others = [redis !== undefined && `Redis ${redis}`, memcached !== undefined && `memcached ${memcached}`];
  const programs = [`commit ${commit}`, `Node ${node}`, ...others].filter((each) => each !== false);
  const { cores, cpu, kernel, memoryGib } = machine;
  return `${date}; ${cores} × ${cpu}, ${memoryGib} GiB, ${kernel}; ${programs.join(', ')}.`;
}
