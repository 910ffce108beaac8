/** The reports that are files, by the option that asks for them. */
import { readFileSync } from 'node:fs';
import type { RunRecord } from '../records.ts';
import { renderBadge } from './badge.ts';
import { renderGithub } from './github.ts';
import { renderHtml, type HtmlExtras } from './html.ts';
import { renderJunit } from './junit.ts';
import { renderTap } from './tap.ts';

/** How the suite was itself tried out, as it is checked in: what a verdict of its is worth. */
const MATRIX_FILE = new URL('../matrix/matrix.json', import.meta.url);

function readMatrix(): NonNullable<HtmlExtras['matrix']> {
  return JSON.parse(readFileSync(MATRIX_FILE, 'utf8')) as NonNullable<HtmlExtras['matrix']>;
}

export const FORMATS = {
  junit: renderJunit,
  tap: renderTap,
  html: (records: readonly RunRecord[]): string => renderHtml(records, { matrix: readMatrix() }),
  badge: renderBadge,
  github: renderGithub,
} as const satisfies Record<string, (records: readonly RunRecord[]) => string>;
