import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { splitCommand } from './split-command.ts';
import { spawnTarget, type SpawnedTarget, type SpawnOptions } from './spawned.ts';

/** Accepts, echoes what it is sent, and exits with status 7 if that is `die`. */
const ECHO = `require("net").createServer((socket) => socket.on("data", (data) => {
  if (String(data) === "die") { console.error("out of luck"); process.exit(7); }
  socket.write(data);
})).listen(Number(process.argv[1]), "127.0.0.1", function () {
  console.log("listening on " + "127.0.0.1:" + this.address().port);
});
process.on("SIGTERM", () => { console.log("going"); process.exit(0); });`;

const targets: SpawnedTarget[] = [];
afterEach(async () => {
  await Promise.all(targets.splice(0).map((target) => target.stop()));
});

async function start(args: readonly string[], more: Partial<SpawnOptions> = {}): Promise<SpawnedTarget> {
  const target = await spawnTarget({ command: [process.execPath, '-e', ECHO, ...args], ...more });
  targets.push(target);
  return target;
}

async function send(target: SpawnedTarget, text: string): Promise<void> {
  const { address } = target;
  if (address.kind === 'unix') throw new Error('a port was asked for');
  const { createConnection } = await import('node:net');
  const socket = createConnection(address.port, address.host);
  socket.on('error', () => {});
  await new Promise((resolve) => socket.write(text, resolve));
  socket.end();
}

describe('a server that the suite starts', () => {
  test('is killed and started again on the same port and data', async () => {
    const target = await start(['{port}', '{data}']);
    const { address } = target;
    writeFileSync(join(target.dataPath, 'kept'), 'as it was');
    expect(await target.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    expect(target.isRunning).toBe(false);
    await target.restart();
    expect(target.isRunning).toBe(true);
    expect(target.address).toEqual(address);
    expect(readFileSync(join(target.dataPath, 'kept'), 'utf8')).toBe('as it was');
    expect(target.crashes).toEqual([]);
    expect(await target.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(target.output()).toContain('going');
    await target.stop();
    expect(existsSync(target.dataPath)).toBe(false);
  });

  test('that ends by itself has crashed, with what it printed last', async () => {
    const target = await start(['{port}']);
    expect(await target.crashed(1)).toBeUndefined();
    await send(target, 'die');
    expect(await target.crashed(5000)).toEqual({ code: 7, signal: null });
    expect(target.output()).toContain('out of luck');
    await target.restart();
    expect(await target.crashed(1)).toBeUndefined();
    expect(target.crashes).toHaveLength(1);
  });

  test('without {port} is found by what it prints, after a restart too', async () => {
    const target = await start(['0']);
    await target.restart();
    await send(target, 'x');
    const printed = [...target.output().matchAll(/:([0-9]+)/g)].map(([, port]) => Number(port));
    expect(printed).toHaveLength(2);
    expect(target.address).toMatchObject({ port: printed[1] });
  });

  test('on a Unix socket is found by what it prints, and again after a kill that left the socket behind', async () => {
    const program = `const [path] = process.argv.slice(1);
      require("fs").rmSync(path, { force: true });
      require("net").createServer((socket) => socket.pipe(socket)).listen(path, () => {
        console.log("listening on unix://" + path);
      });`;
    const target = await spawnTarget({ command: [process.execPath, '-e', program, '{data}/socket'] });
    targets.push(target);
    const address = { kind: 'unix', path: join(target.dataPath, 'socket') };
    expect(target.address).toEqual(address);
    await target.restart();
    expect(target.address).toEqual(address);
    expect(target.crashes).toEqual([]);
  });

  test('behind a shell is killed with it', async () => {
    const line = `node -e '${ECHO.replaceAll('\n', ' ')}' {port}; exit 3`;
    const command = ['sh', '-c', line];
    const target = await spawnTarget({ command, group: true });
    targets.push(target);
    await target.kill();
    // The port is free again, or this would throw.
    await target.restart();
    expect(target.isRunning).toBe(true);
  });

  test('that does not come up is told with its output, and that cannot be started at all too', async () => {
    await expect(start(['no-port'], { readyMs: 100 })).rejects.toThrow('did not come up');
    await expect(spawnTarget({ command: ['/nowhere/to/be/found'] })).rejects.toThrow('ENOENT');
  });
});

describe('commands', () => {
  test.each([
    ['server --port {port}', ['server', '--port', '{port}']],
    [`  a  "b c"'d e'f  `, ['a', 'b cd ef']],
    [String.raw`a\ b "\"\\ \n" '\x' ""`, ['a b', String.raw`"\ \n`, String.raw`\x`, '']],
  ])('%s', (text, words) => {
    expect(splitCommand(text)).toEqual(words);
  });

  test.each(['"open', "it's", 'ends with \\', '   '])('%j is refused', (text) => {
    expect(() => splitCommand(text)).toThrow(TypeError);
  });
});
