import { describe, expect, test } from 'vitest';
import { PALETTE, type ColourName } from './palette.ts';

/** Of WCAG 2.2: text, and what has to be seen to understand a graphic or to find a control. */
const TEXT_CONTRAST_MIN = 4.5;
const GRAPHIC_CONTRAST_MIN = 3;

/** The relative luminance of `#rrggbb`, as WCAG defines it. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const TEXTS: readonly ColourName[] = ['ink', 'quiet', 'link', 'failed', 'warned', 'passed', 'skipped', 'untested'];
const GROUNDS = Object.keys(PALETTE).filter((name) => name === 'paper' || name.endsWith('panel')) as ColourName[];

describe.each([
  ['light', 0],
  ['dark', 1],
] as const)('on %s', (_theme, at) => {
  test.each(TEXTS)('%s can be read on every ground', (name) => {
    const tooFaint = GROUNDS.filter((ground) => contrast(PALETTE[name][at], PALETTE[ground][at]) < TEXT_CONTRAST_MIN);
    expect(tooFaint).toEqual([]);
  });

  test('the edges of controls and bars can be seen', () => {
    for (const ground of ['paper', 'panel'] as const) {
      expect(contrast(PALETTE.edge[at], PALETTE[ground][at])).toBeGreaterThanOrEqual(GRAPHIC_CONTRAST_MIN);
    }
  });
});

test('contrast is as WCAG counts it', () => {
  expect(contrast('#000000', '#ffffff')).toBe(21);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});
