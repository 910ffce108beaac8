/** A badge for a README. It is a claim about the whole, so only a whole run gives one. */
import type { RunRecord } from '../records.ts';
import { resultOf } from '../score.ts';
import { escapeXml } from './xml.ts';

const CHAR_WIDTH = 7;
const PADDING = 12;
const GREEN = '#2a7f3f';
const RED = '#b3261e';

/** Why these records give no badge, or undefined if they do. */
export function whyNoBadge(records: readonly RunRecord[]): string | undefined {
  const { isFiltered, isComplete, summary, withheld } = resultOf(records);
  if (isFiltered) return 'the run was filtered';
  if (summary?.end !== 'complete') return 'the run was cut short';
  if (withheld > 0) return `${withheld} requirements were not tried`;
  return isComplete ? undefined : 'cases were blocked';
}

function textAt(x: number, text: string): string {
  return `<text x="${x}" y="14">${escapeXml(text)}</text>`;
}

/**
 * The badge as SVG: the profiles if everything is met, otherwise the score.
 *
 * @throws TypeError if `whyNoBadge` gives a reason
 */
export function renderBadge(records: readonly RunRecord[]): string {
  const why = whyNoBadge(records);
  if (why !== undefined) throw new TypeError(`no badge: ${why}`);
  const { header, met, scored, exitCode } = resultOf(records);
  const isGood = exitCode === 0 && met === scored;
  const label = `speicher protocol ${header.versions.protocol}`;
  const text = isGood ? header.profiles.join(' ') : `${met}/${scored}`;
  const labelWidth = label.length * CHAR_WIDTH + PADDING;
  const textWidth = text.length * CHAR_WIDTH + PADDING;
  const width = labelWidth + textWidth;
  const title = escapeXml(`${label}: ${text}`);
  const corner = `M${labelWidth} 0h${textWidth - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1 -3 3h-${textWidth - 3}z`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${title}">
<title>${title}</title>
<rect width="${width}" height="20" rx="3" fill="#444"/>
<path d="${corner}" fill="${isGood ? GREEN : RED}"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
${textAt(labelWidth / 2, label)}${textAt(labelWidth + textWidth / 2, text)}
</g>
</svg>
`;
}
