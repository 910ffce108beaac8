/** Sizes and durations as people write them: `64KiB`, `1MB`, `5s`, `2m`. Plain numbers are bytes and milliseconds. */

const BYTES_BY_UNIT: ReadonlyMap<string, number> = new Map([
  ['b', 1],
  ['kb', 1000],
  ['kib', 1024],
  ['mb', 1000 ** 2],
  ['mib', 1024 ** 2],
  ['gb', 1000 ** 3],
  ['gib', 1024 ** 3],
]);

const MS_BY_UNIT: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** What `parseBytes` takes, for messages and help. */
export const BYTES_FORMS = 'bytes, or a number with B, KB, KiB, MB, MiB, GB or GiB';

/** What `parseDuration` takes, for messages and help. */
export const DURATION_FORMS = 'milliseconds, or a number with ms, s, m, h or d';

/** A decimal, optional spaces, an optional unit. */
const QUANTITY = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i;

function parseQuantity(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const [, digits, unit] = QUANTITY.exec(text.trim()) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const factor = unit === '' ? 1 : units.get(unit.toLowerCase());
  if (factor === undefined) return undefined;
  // Decimals such as 1.1s are no exact binary fractions; a rounding error must not make them fractions of a unit.
  const quantity = Math.round(Number(digits) * factor * 1e6) / 1e6;
  return Number.isSafeInteger(quantity) ? quantity : undefined;
}

/** The bytes that a text such as `4096`, `64KiB` or `1MB` stands for; undefined if it is none or no whole number. */
export function parseBytes(text: string): number | undefined {
  return parseQuantity(text, BYTES_BY_UNIT);
}

/** The milliseconds that a text such as `500`, `5s` or `2m` stands for; undefined if it is none or no whole number. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, MS_BY_UNIT);
}

function formatQuantity(quantity: number, units: readonly (readonly [string, number])[]): string {
  const exact = units.find(([, factor]) => quantity >= factor && quantity % factor === 0);
  return exact === undefined ? String(quantity) : `${quantity / exact[1]}${exact[0]}`;
}

/** The shortest exact text that `parseBytes` reads back: `16MiB`, `4100`. */
export function formatBytes(bytes: number): string {
  return formatQuantity(bytes, [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ]);
}

/** The shortest exact text that `parseDuration` reads back: `5s`, `1500ms`, `0`. */
export function formatDuration(ms: number): string {
  return formatQuantity(ms, [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
    ['ms', 1],
  ]);
}
