/** The chart of servers: for each size of batches a panel with a bar for each server, on a scale of its own. */
import type { ServersResult } from './schemas.ts';
import { number } from './format.ts';

const WIDTH = 720;
const MARGIN = 20;
const LABEL_WIDTH = 130;
const VALUE_WIDTH = 90;
const BAR_HEIGHT = 16;
const BAR_PITCH = 23;
const TITLE_HEIGHT = 48;
const PANEL_TITLE_HEIGHT = 30;
const PANEL_GAP = 10;
const BAR_LEFT = MARGIN + LABEL_WIDTH;
const BAR_WIDTH_MAX = WIDTH - BAR_LEFT - VALUE_WIDTH - MARGIN;

/** The picture brings its own background, because a page may be dark while the reader's system is light. */
const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.note { fill: #59636e; }
.page { fill: #ffffff; stroke: #d1d9e0; }
.other { fill: #8b98a8; }
.ours { fill: #1668dc; }
.limit { fill: none; stroke: #8b98a8; stroke-dasharray: 4 3; }
.range { stroke: #1f2328; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .note { fill: #9198a1; }
  .page { fill: #0d1117; stroke: #3d444d; }
  .other { fill: #6e7b8b; }
  .ours { fill: #4c94ff; }
  .limit { stroke: #8b98a8; }
  .range { stroke: #e6edf3; }
}`;

type Panel = ServersResult['batches'][number];

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const classOf = (name: string): string => (name === 'speicher' ? 'ours' : name === 'wire limit' ? 'limit' : 'other');

function text(x: number, y: number, content: string, className = ''): string {
  const attribute = className === '' ? '' : ` class="${className}"`;
  return `<text x="${x}" y="${y}"${attribute}>${escaped(content)}</text>`;
}

/** Where a value ends on the panel's scale, rounded so that the picture has no digits that nobody sees. */
function xOf(value: number, greatest: number): number {
  return Math.round(10 * (BAR_LEFT + (BAR_WIDTH_MAX * value) / greatest)) / 10;
}

function bar({ name, cpuUsPerOperation }: Panel['servers'][number], top: number, greatest: number): string[] {
  const { median, min, max } = cpuUsPerOperation;
  const middle = top + BAR_HEIGHT / 2;
  const width = Math.round(10 * (xOf(median, greatest) - BAR_LEFT)) / 10;
  return [
    text(MARGIN, top + 13, name),
    `<rect x="${BAR_LEFT}" y="${top}" width="${width}" height="${BAR_HEIGHT}" rx="2" class="${classOf(name)}"/>`,
    `<line x1="${xOf(min, greatest)}" y1="${middle}" x2="${xOf(max, greatest)}" y2="${middle}" class="range"/>`,
    text(xOf(max, greatest) + 8, top + 13, `${number(median)} µs`),
  ];
}

function panel({ batch, servers }: Panel, top: number): string[] {
  const greatest = Math.max(...servers.map(({ cpuUsPerOperation }) => cpuUsPerOperation.max));
  const title = batch === 1 ? 'One request at a time' : `${batch} requests at a time`;
  return [
    text(MARGIN, top + 18, title, 'title'),
    ...servers.flatMap((server, at) => bar(server, top + PANEL_TITLE_HEIGHT + at * BAR_PITCH, greatest)),
  ];
}

/** An SVG, the same for the same figures. */
export function serversChart({ batches, rounds }: ServersResult): string {
  let top = TITLE_HEIGHT;
  const parts: string[] = [];
  for (const each of batches) {
    parts.push(...panel(each, top));
    top += PANEL_TITLE_HEIGHT + each.servers.length * BAR_PITCH + PANEL_GAP;
  }
  const height = top + MARGIN / 2;
  const title = 'CPU time of the server for an operation: less is better';
  const method = `medians of ${rounds} rounds, the line from least to greatest`;
  const note = `50 connections, 90 % get, values of 100 bytes; ${method}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">`,
    `<style>${STYLE}\n</style>`,
    `<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6" class="page"/>`,
    text(MARGIN, 24, title, 'title'),
    text(MARGIN, 42, note, 'note'),
    ...parts,
    '</svg>\n',
  ].join('\n');
}
