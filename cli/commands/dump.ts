/** `speicher dump` and `speicher load`: all items of a server, over the wire, as text or as frames. */
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import type { Hello } from '../../client/index.ts';
import { SpeicherError } from '../../protocol/index.ts';
import { addConnectionOptions, connect, CONNECTION_HELP } from '../connect.ts';
import type { DumpItem } from '../dump/dump-item.ts';

const KEPT = `
Kept are keys, values, TAGs, and how long each item still lives. Versions, locks and times are not: what is loaded gets
new versions, and lives from then on for as long as it had left when it was dumped.`;

const DUMP_EXAMPLES = `${KEPT}

Items that are stored or removed meanwhile may be among those dumped or not. The server must have the profile prefix.
Where not all of it could be printed, a reader that closes the pipe among the reasons, the exit code is not 0.

Examples:
  speicher dump > items.jsonl
  speicher dump session: | jq .key
  speicher dump --frames --url tcp://old.example.org | speicher load --frames`;

const LOAD_EXAMPLES = `${KEPT}

An item that is there already is replaced. At a line that is none, or an item that the server refuses, it ends and says
which; those before it are stored, and it says how many.

Examples:
  speicher load items.jsonl
  speicher load --frames < items.frames`;

const FRAMES = ['--frames', 'as frames of the protocol (SET), in place of lines of JSON'] as const;

/** A progress line is drawn anew so often. */
const PROGRESS_MS = 200;

/** Counts items, and shows the count on a terminal while it grows. */
class Progress {
  count = 0;
  #shownMs = performance.now();
  #isShown = false;

  add(): void {
    this.count++;
    const nowMs = performance.now();
    if (!process.stderr.isTTY || nowMs - this.#shownMs < PROGRESS_MS) return;
    this.#shownMs = nowMs;
    this.#isShown = true;
    process.stderr.write(`\r${this.count.toLocaleString('en-US')} items`);
  }

  /** Clears the line. */
  end(): void {
    if (this.#isShown) process.stderr.write('\r\u001B[K');
  }
}

async function* rendered(
  items: AsyncIterable<DumpItem>,
  render: (item: DumpItem) => string | Uint8Array,
  progress: Progress,
): AsyncGenerator<string | Uint8Array> {
  for await (const item of items) {
    yield render(item);
    progress.add();
  }
}

type Flags = Readonly<Record<string, unknown>>;

/** What the server says of itself. A client of the usual limits asks: something else may listen there. */
async function ask(flags: Flags): Promise<Hello> {
  const { client } = await connect(flags, process.env);
  try {
    return await client.hello();
  } finally {
    await client.close();
  }
}

async function dump(prefix: string | undefined, flags: Flags): Promise<void> {
  const [{ dumpItems }, { jsonLine }, { itemFrame }, { wholeOutput }] = await Promise.all([
    import('../dump/transfer.ts'),
    import('../dump/json-lines.ts'),
    import('../dump/frames.ts'),
    import('../dump/whole-output.ts'),
  ]);
  if (flags['frames'] === true && process.stdout.isTTY) {
    throw new SpeicherError('SPEICHER_OPTION', '--frames are bytes: send them to a file or a pipe');
  }
  const hello = await ask(flags);
  // FRAME-12: no reply is longer than this.
  const { client } = await connect(flags, process.env, { maxFrameBytes: hello['max-frame'] });
  const progress = new Progress();
  try {
    const render = flags['frames'] === true ? itemFrame : jsonLine;
    const items = rendered(dumpItems(client, prefix ?? '', hello['max-value']), render, progress);
    const output = wholeOutput();
    await pipeline(Readable.from(items, { highWaterMark: 1 }), output, { end: output !== process.stdout });
  } finally {
    progress.end();
    await client.close();
  }
}

function unreadable(name: string, cause: unknown): SpeicherError {
  return new SpeicherError('SPEICHER_OPTION', `${name} cannot be read`, { cause });
}

/** Whoever is told that a read has failed wants to know of what; the system knows only where it was opened. */
async function* named(name: string, input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* input;
  } catch (cause) {
    throw unreadable(name, cause);
  }
}

/** @throws SpeicherError `SPEICHER_OPTION`, with the name of the file, here or later if it cannot be read */
async function openInput(file: string | undefined): Promise<AsyncIterable<Uint8Array>> {
  if (file === undefined || file === '-') return named('standard input', process.stdin);
  try {
    return named(file, (await open(file)).createReadStream());
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

async function load(file: string | undefined, flags: Flags): Promise<void> {
  const [{ loadItems }, { readJsonLines }, { readFrames }] = await Promise.all([
    import('../dump/transfer.ts'),
    import('../dump/json-lines.ts'),
    import('../dump/frames.ts'),
  ]);
  const input = await openInput(file);
  const hello = await ask(flags);
  const items = flags['frames'] === true ? readFrames(input, hello['max-frame']) : readJsonLines(input);
  // What is on its way has bounds of its own, which one long item may go beyond.
  const { client } = await connect(flags, process.env, { maxPendingBytes: Number.MAX_SAFE_INTEGER });
  const progress = new Progress();
  try {
    await loadItems(client, items, () => progress.add());
  } finally {
    progress.end();
    process.stdout.write(`${progress.count} items are stored\n`);
    await client.close();
  }
}

/** The subcommand `dump`, for the program. */
export function dumpCommand(): Command {
  const command = new Command('dump')
    .summary('print all items as lines of JSON, or as frames')
    .description('Prints all items of a server, or those under a prefix, so that `speicher load` can store them again.')
    .argument('[PREFIX]', 'how the keys begin; without it, all keys')
    .option(...FRAMES)
    .addHelpText('after', DUMP_EXAMPLES);
  return addConnectionOptions(command).addHelpText('after', CONNECTION_HELP).action(dump);
}

/** The subcommand `load`, for the program. */
export function loadCommand(): Command {
  const command = new Command('load')
    .summary('store what dump has printed')
    .description('Stores the items of a dump, and prints how many.')
    .argument('[FILE]', 'the dump; without it or with -, what comes on standard input')
    .option(...FRAMES)
    .addHelpText('after', LOAD_EXAMPLES);
  return addConnectionOptions(command).addHelpText('after', CONNECTION_HELP).action(load);
}
