/** What the results come to: the part of bench/README.md between its marks, and the chart. */
import { format, resolveConfig } from 'prettier';
import { join } from 'node:path';
import { REPOSITORY } from '../lib/native.ts';
import { readResult } from '../lib/results.ts';
import { serversChart } from './chart.ts';
import { durabilityPart } from './durability-part.ts';
import {
  durabilitySchema,
  growthSchema,
  hitsSchema,
  memorySchema,
  pausesSchema,
  prefixSchema,
  serversSchema,
  startSchema,
} from './schemas.ts';
import { growthPart, hitsPart, memoryPart, pausesPart, prefixPart, serversPart, startPart } from './tables.ts';

const NO_RESULTS = 'None has been written yet.';

export const README_PATH = join(REPOSITORY, 'bench', 'README.md');
export const CHART_PATH = join(REPOSITORY, 'bench', 'results', 'servers.svg');

const BEGIN = '<!-- results: written by npm run bench:report -->';
const END = '<!-- end of results -->';

/** The parts of all benchmarks that have been run. */
function parts(): string[] {
  const servers = readResult('servers', serversSchema);
  const growth = readResult('growth', growthSchema);
  const memory = readResult('memory', memorySchema);
  const prefix = readResult('prefix', prefixSchema);
  const pauses = readResult('pauses', pausesSchema);
  const durability = readResult('durability', durabilitySchema);
  const start = readResult('start', startSchema);
  const hits = readResult('hits', hitsSchema);
  return [
    servers && serversPart(servers),
    growth && growthPart(growth),
    memory && memoryPart(memory),
    prefix && prefixPart(prefix),
    pauses && pausesPart(pauses),
    durability && durabilityPart(durability),
    start && startPart(start),
    hits && hitsPart(hits),
  ].filter((each) => each !== undefined);
}

/**
 * The README with the newest figures in place of those that it has.
 *
 * @throws Error if it lacks the marks
 */
export async function reportedReadme(readme: string): Promise<string> {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('bench/README.md lacks the marks between which results stand');
  const found = parts();
  const shown = found.length > 0 ? found : [NO_RESULTS];
  const text = [readme.slice(0, begin) + BEGIN, ...shown, readme.slice(end)].join('\n\n');
  return format(text, { ...(await resolveConfig(README_PATH)), parser: 'markdown' });
}

/** The chart of the newest results; undefined if servers have not been compared. */
export function reportedChart(): string | undefined {
  const servers = readResult('servers', serversSchema);
  return servers && serversChart(servers);
}
