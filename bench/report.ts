/** Puts the newest results into bench/README.md and draws bench/results/servers.svg: `npm run bench:report`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { CHART_PATH, README_PATH, reportedChart, reportedReadme } from './report/report.ts';

writeFileSync(README_PATH, await reportedReadme(readFileSync(README_PATH, 'utf8')));
const chart = reportedChart();
if (chart !== undefined) writeFileSync(CHART_PATH, chart);
