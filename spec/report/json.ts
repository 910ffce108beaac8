/** Records as lines of JSON: the form in which a run is written, and the only one that is read again. */
import { RECORD_FORMAT, type RunRecord } from '../records.ts';
import { UsageError } from '../usage.ts';

/** A record as one line, its end included. */
export function recordLine(record: RunRecord): string {
  return `${JSON.stringify(record)}\n`;
}

function parseLine(line: string): RunRecord | undefined {
  try {
    const record: unknown = JSON.parse(line);
    const isRecord = typeof record === 'object' && record !== null && 'record' in record;
    return isRecord ? (record as RunRecord) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Reads what a run wrote. A last line that was cut short counts as not there.
 *
 * @param name of the file, for messages
 * @throws UsageError if it is no report of this format
 */
export function readRecords(text: string, name: string): RunRecord[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const records: RunRecord[] = [];
  for (const [index, line] of lines.entries()) {
    const record = parseLine(line);
    if (record !== undefined) records.push(record);
    else if (index < lines.length - 1) throw new UsageError(`${name}:${index + 1} is no record of a run`);
  }
  const [header] = records;
  if (header?.record !== 'run') throw new UsageError(`${name} is no report: its first line is no header`);
  if (header.format !== RECORD_FORMAT) {
    throw new UsageError(`${name} has format ${header.format}; this suite reads format ${RECORD_FORMAT}`);
  }
  return records;
}
