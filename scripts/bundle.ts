/**
 * The command of the package as few files, with the libraries that it needs: what a process has to find, read and link
 * is what a script waits for. The other entry points stay one file for each source (docs/decisions/0002-plain-tsc.md).
 */
import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { REPOSITORY } from './repository.ts';

/** Loaded by few runs of the command, so they come from where the package manager has put them. */
const LEFT_OUT = ['marked', 'pino-pretty'];

/** Some libraries are CommonJS and ask for modules of Node's. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** What reads files beside itself still finds them: bundles lie in one folder, the sources do not. */
function filesBeside(folder: string, bundleFolder: string): Plugin {
  return {
    name: 'files-beside',
    setup(bundler) {
      bundler.onLoad({ filter: /\.js$/ }, ({ path }) => {
        if (!path.startsWith(folder + sep)) return undefined;
        const own = JSON.stringify(relative(bundleFolder, path).split(sep).join('/'));
        const text = readFileSync(path, 'utf8');
        return { contents: text.replaceAll(/\bimport\.meta\.url\b/g, `new URL(${own}, import.meta.url)`) };
      });
    },
  };
}

/** The licences of the libraries in a bundle, which their authors want to go with them. */
function licences({ inputs }: Metafile): string {
  const packages = new Set<string>();
  for (const path of Object.keys(inputs)) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0];
    if (folder !== undefined) packages.add(folder);
  }
  const texts = [...packages].toSorted().map((folder) => {
    const from = join(REPOSITORY, folder);
    const file = readdirSync(from).find((name) => /^licen[cs]e/i.test(name));
    if (file === undefined) throw new Error(`${folder} has no licence that could go with it`);
    return `${folder.replace(/^.*node_modules\//, '')}\n\n${readFileSync(join(from, file), 'utf8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

/** What a build for tests has in the command's folder and is not the command's. */
const KEPT = 'testing';

/**
 * Puts bundles in the place of the compiled modules of the command.
 *
 * @param folder a build, absolute or relative to the repository
 * @throws Error if something cannot be bundled; it has been printed
 */
export async function bundleCommand(folder: string): Promise<void> {
  const dist = resolve(REPOSITORY, folder);
  const cli = join(dist, 'cli');
  const bundled = join(dist, 'bundled');
  const { metafile } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: [join(cli, 'main.js')],
    outdir: bundled,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: LEFT_OUT,
    banner: { js: REQUIRE },
    plugins: [filesBeside(dist, cli)],
    metafile: true,
    logLevel: 'warning',
  });
  for (const name of readdirSync(cli).filter((each) => each !== KEPT)) rmSync(join(cli, name), { recursive: true });
  for (const name of readdirSync(bundled)) renameSync(join(bundled, name), join(cli, name));
  rmSync(bundled, { recursive: true });
  writeFileSync(join(cli, 'LICENCES.txt'), licences(metafile));
  chmodSync(join(cli, 'main.js'), 0o755);
}
