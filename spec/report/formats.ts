/** The reports that are files, by the option that asks for them. */
import type { RunRecord } from '../records.ts';
import { renderBadge } from './badge.ts';
import { renderGithub } from './github.ts';
import { renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import { renderTap } from './tap.ts';

export const FORMATS = {
  junit: renderJunit,
  tap: renderTap,
  html: (records: readonly RunRecord[]): string => renderHtml(records),
  badge: renderBadge,
  github: renderGithub,
} as const satisfies Record<string, (records: readonly RunRecord[]) => string>;
