// The page is complete without this: it adds a theme of one's own, copying, and what a filter has to say.
const root = document.documentElement;
const THEME = 'speicher-theme';

function announce(text) {
  document.getElementById('announcer').textContent = text;
}

// Where a page may not keep anything, the choice lasts as long as the page does.
function keptTheme() {
  try {
    return localStorage.getItem(THEME);
  } catch {
    return null;
  }
}

function keepTheme(theme) {
  try {
    localStorage.setItem(THEME, theme);
  } catch {
    // The theme is shown all the same.
  }
}

const toggle = document.getElementById('theme');
const system = matchMedia('(prefers-color-scheme: dark)');

function isDark() {
  return (root.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
}

function showTheme() {
  toggle.setAttribute('aria-pressed', String(isDark()));
}

const theme = keptTheme();
if (theme === 'dark' || theme === 'light') root.dataset.theme = theme;
toggle.addEventListener('click', () => {
  root.dataset.theme = isDark() ? 'light' : 'dark';
  keepTheme(root.dataset.theme);
  showTheme();
});
system.addEventListener('change', showTheme);
toggle.hidden = false;
showTheme();

function select(code) {
  getSelection().selectAllChildren(code);
  announce('Selected');
}

for (const button of document.querySelectorAll('.copy')) {
  button.hidden = false;
  const code = button.previousElementSibling;
  button.addEventListener('click', () => {
    // Without the permission to copy, the command is selected, so that a key copies it.
    navigator.clipboard.writeText(code.textContent).then(
      () => announce('Copied'),
      () => select(code),
    );
  });
}

function show(filter) {
  const cases = document.querySelectorAll(filter === 'all' ? '.case' : `.case[data-tones="${filter}"]`);
  if (filter !== 'all') for (const each of cases) each.parentElement.closest('details')?.setAttribute('open', '');
  announce(`${cases.length} ${cases.length === 1 ? 'case' : 'cases'} shown`);
}

for (const radio of document.querySelectorAll('input[name="show"]')) {
  radio.addEventListener('change', () => show(radio.value));
  // A browser that comes back to the page keeps the choice.
  if (radio.checked && radio.value !== 'all') show(radio.value);
}

// A link to a case opens it; one to what the filter hides shows everything again.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target === null) return;
  for (let each = target; each !== null; each = each.parentElement) {
    if (each instanceof HTMLDetailsElement) each.open = true;
  }
  if (!target.checkVisibility()) document.getElementById('show-all').click();
  target.scrollIntoView();
}

addEventListener('hashchange', reveal);
if (location.hash !== '') reveal();
