/**
 * The page in a real Chromium: CHROMIUM names its binary, /usr/bin/chromium if it is not set. With SCREENSHOTS=FOLDER
 * pictures of the page are kept there, to be looked at.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RunRecord } from '../../records.ts';
import { renderHtml } from '../html.ts';
import { failingRun, hostileRun, SAMPLE_MATRIX, sampleRun } from './testing/sample-run.ts';

const { CHROMIUM = '/usr/bin/chromium', SCREENSHOTS = '' } = process.env;

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 320, height: 640 };

const folder = mkdtempSync(join(tmpdir(), 'html-report-'));
let browser: Browser;

/** What the page asked for besides itself, and what it had to complain about. */
const requests: string[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
});

afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  const noise = [...requests.splice(0), ...complaints.splice(0)];
  if (noise.length > 0) throw new Error(`the page asked for or complained about ${noise.join(', ')}`);
});

async function open(records: readonly RunRecord[], options: BrowserContextOptions = {}): Promise<Page> {
  const file = join(folder, 'report.html');
  writeFileSync(file, renderHtml(records, { matrix: SAMPLE_MATRIX }));
  const context = await browser.newContext({ viewport: WIDE, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const address = pathToFileURL(file).href;
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('data:')) requests.push(request.url());
  });
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(address);
  return page;
}

/** The violations that axe-core finds, in words. It is evaluated from outside: the page's policy is in force. */
async function accessibility(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(AXE, 'utf8'));
  return page.evaluate(async () => {
    interface Found {
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
    }
    const { axe } = globalThis as unknown as { axe: { run: () => Promise<Found> } };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}: ${failureSummary}`),
    );
  });
}

async function openAll(page: Page): Promise<void> {
  await page.evaluate('for (const each of document.querySelectorAll("details")) each.open = true');
}

async function picture(page: Page, name: string): Promise<void> {
  if (SCREENSHOTS !== '') await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** The ids of the cases that can be seen on the page, or could if it were scrolled. */
function visibleCases(page: Page): Promise<string[]> {
  return page.locator('.case > summary:visible code').allTextContents();
}

describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
  test('everybody can read it', async () => {
    const page = await open(sampleRun(), { colorScheme });
    await openAll(page);
    await picture(page, `sample-${colorScheme}`);
    expect(await accessibility(page)).toEqual([]);
  });

  test('it fits a narrow screen', async () => {
    const page = await open(sampleRun(), { colorScheme, viewport: NARROW });
    await openAll(page);
    await picture(page, `narrow-${colorScheme}`);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(NARROW.width);
    expect(await accessibility(page)).toEqual([]);
  });
});

test('a filter is chosen with the keyboard', async () => {
  const page = await open(sampleRun());
  const all = await visibleCases(page);
  await page.getByRole('radio', { name: 'all' }).focus();
  await page.keyboard.press('ArrowRight');
  expect(await page.getByRole('radio', { name: 'failed' }).isChecked()).toBe(true);
  const failed = ['error', 'fail', 'flaky', 'unknown', 'xpass'].map((name) => `sample.is-${name}`);
  expect((await visibleCases(page)).toSorted()).toEqual(failed);
  expect(await page.locator('#announcer').textContent()).toBe('5 cases shown');
  expect(await page.locator('article:visible').count()).toBeLessThan(8);
  expect(await page.locator('#section-10').isVisible()).toBe(false);
  await picture(page, 'failed-only');
  await page.keyboard.press('ArrowRight');
  expect((await visibleCases(page)).toSorted()).toEqual(['sample.is-warn', 'sample.is-xfail']);
  await page.keyboard.press('ArrowRight');
  expect((await visibleCases(page)).toSorted()).toEqual(['sample.is-blocked', 'sample.is-skip']);
  await page.keyboard.press('ArrowRight');
  expect((await visibleCases(page)).length).toBeGreaterThanOrEqual(all.length);
});

test('an empty filter says so', async () => {
  const page = await open(failingRun(2));
  await page.getByRole('radio', { name: 'skipped' }).check();
  expect(await page.getByText('No case is skipped.').isVisible()).toBe(true);
});

test('the theme is switched with the keyboard, and stays', async () => {
  const page = await open(sampleRun(), { colorScheme: 'light' });
  const paper = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor');
  const light = await paper();
  const toggle = page.getByRole('button', { name: 'Dark' });
  expect(await toggle.getAttribute('aria-pressed')).toBe('false');
  await toggle.focus();
  await page.keyboard.press('Space');
  expect(await toggle.getAttribute('aria-pressed')).toBe('true');
  expect(await paper()).not.toBe(light);
  await page.reload();
  expect(await page.getByRole('button', { name: 'Dark' }).getAttribute('aria-pressed')).toBe('true');
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('To the text');
  await picture(page, 'skip-link');
});

test('details open with the keyboard, and what has the focus can be seen', async () => {
  const page = await open(sampleRun());
  const wire = page.locator('#case-sample\\.is-fail .wire').first();
  expect(await wire.locator('pre').isVisible()).toBe(false);
  await wire.locator('summary').focus();
  await page.keyboard.press('Enter');
  expect(await wire.locator('pre').isVisible()).toBe(true);
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.tagName')).toBe('PRE');
  expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
});

test('a link to a case opens it, whatever is shown', async () => {
  const page = await open(sampleRun());
  await page.getByRole('radio', { name: 'skipped' }).check();
  await page.locator('.failures a').first().click();
  // The browser tells the page of the new address later.
  await expect.poll(() => page.getByRole('radio', { name: 'all' }).isChecked()).toBe(true);
  const opened = 'document.getElementById("case-sample.is-fail").matches("[open]")';
  await expect.poll(() => page.evaluate(opened)).toBe(true);
  expect(await page.locator('#case-sample\\.is-fail').isVisible()).toBe(true);
});

test('a command is copied', async () => {
  const page = await open(sampleRun(), { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.getByRole('button', { name: 'Copy: Again, sample.is-fail' }).click();
  await expect.poll(() => page.locator('#announcer').textContent()).toBe('Copied');
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
    'speicher spec 127.0.0.1:14567 --run sample.is-fail --seed 7f3a',
  );
});

test('without scripts the text, the filters and the details are there', async () => {
  const page = await open(sampleRun(), { javaScriptEnabled: false });
  await page.getByRole('radio', { name: 'failed' }).check();
  expect(await page.locator('#case-sample\\.is-fail').isVisible()).toBe(true);
  expect(await page.locator('#section-10').isVisible()).toBe(false);
  expect(await page.locator('#theme').isVisible()).toBe(false);
});

test('what a hostile server wrote is text', async () => {
  const page = await open(hostileRun(), { viewport: NARROW });
  await openAll(page);
  expect(await page.locator('img, b').count()).toBe(0);
  expect(await page.title()).not.toBe('forged');
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(NARROW.width);
  expect(await page.locator('.case').count()).toBe(3);
  expect(await accessibility(page)).toEqual([]);
  await picture(page, 'hostile');
});

test('on paper the controls are left out and nothing is cut off', async () => {
  const page = await open(sampleRun(), { colorScheme: 'dark' });
  await page.emulateMedia({ media: 'print' });
  expect(await page.locator('.toolbar').isVisible()).toBe(false);
  expect(await page.evaluate('getComputedStyle(document.documentElement).colorScheme')).toBe('light');
  await openAll(page);
  const cut = `Array.from(document.querySelectorAll('pre, .command code'))
    .filter((each) => each.scrollWidth > each.clientWidth).length`;
  expect(await page.evaluate(cut)).toBe(0);
});
