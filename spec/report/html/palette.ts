/** The colours of the page, in both themes; a test computes their contrast. */

/** A colour on light paper and on dark. */
export type Ink = readonly [light: string, dark: string];

export const PALETTE = {
  paper: ['#fdfcf9', '#17181b'],
  panel: ['#f5f3ed', '#1f2125'],
  ink: ['#1d1c1a', '#e6e3dc'],
  quiet: ['#5c5850', '#aaa599'],
  rule: ['#dcd7cb', '#383a40'],
  edge: ['#8a8478', '#777366'],
  link: ['#1b4f8f', '#8db8ee'],
  failed: ['#a11d1a', '#f39a90'],
  'failed-panel': ['#fbeeea', '#331d1c'],
  warned: ['#7a4f00', '#e6bd6a'],
  'warned-panel': ['#faf2df', '#2e2617'],
  passed: ['#1f6238', '#86cf9d'],
  'passed-panel': ['#edf4ec', '#1a2a20'],
  skipped: ['#57534b', '#aaa599'],
  'skipped-panel': ['#f1eee7', '#26272b'],
  untested: ['#57534b', '#aaa599'],
  'untested-panel': ['#f1eee7', '#26272b'],
} as const satisfies Record<string, Ink>;

export type ColourName = keyof typeof PALETTE;

/** The custom properties; the page's `color-scheme` picks one of each pair. */
export function paletteCss(): string {
  const rows = Object.entries(PALETTE).map(([name, [light, dark]]) => `  --${name}: light-dark(${light}, ${dark});`);
  return `:root {\n${rows.join('\n')}\n}\n`;
}
