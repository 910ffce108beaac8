/** `npm run tox [-- -e NAME,NAME] [-- --skip NAME] [-- --list]`: see tox-like.config.ts. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import toxLike from '../tox-like.config.ts';
import { REPOSITORY } from './repository.ts';
import { parseToxConfig } from './tox-config.ts';
import { runEnvironments, selectEnvironments, summary } from './tox-run.ts';

const USAGE = `usage: npm run tox -- [-e NAME[,NAME]]… [--skip NAME[,NAME]]… [--list] [--results FILE]

  -e, --env      run these environments only
      --skip     run all but these
      --list     name the environments and run none
      --results  write the outcomes as JSON`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      env: { type: 'string', short: 'e', multiple: true, default: [] },
      skip: { type: 'string', multiple: true, default: [] },
      list: { type: 'boolean', default: false },
      results: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const config = parseToxConfig(toxLike);
  const environments = selectEnvironments(config, names(values.env), names(values.skip));
  if (values.list) {
    for (const { name, description } of environments) console.log(`${name.padEnd(16)}${description}`);
    return 0;
  }
  const outcomes = await runEnvironments(
    { config, root: REPOSITORY, print: (line) => console.log(line) },
    environments,
  );
  if (values.results !== undefined) {
    const path = join(REPOSITORY, values.results);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, JSON.stringify(outcomes, undefined, 2));
  }
  for (const line of summary(outcomes)) console.log(line);
  return outcomes.some(({ status }) => status === 'fail') ? 1 : 0;
}

function names(lists: readonly string[]): string[] {
  return lists.flatMap((list) => list.split(',')).filter((name) => name !== '');
}

// Each command is a process group of its own and does not hear the terminal's Ctrl-C: leaving ends it.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`tox: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}
