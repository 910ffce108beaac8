/** The commands that one client carries out, in one table: the shell and the console are both made from it. */
import { Buffer } from 'node:buffer';
import type { Speicher } from '../client/index.ts';
import type { ClientCommand, CommandCall, ListItem, Result } from './client-command.ts';
import { typedValue } from './typed-values.ts';

const DONE: Result = { kind: 'done' };
const MISS: Result = { kind: 'miss' };

/** Whether it was carried out. */
function whether(isDone: boolean): Result {
  return isDone ? DONE : MISS;
}

/** A number, unless there is no such item. */
function numberOrMiss(number: number | bigint | undefined): Result {
  return number === undefined ? MISS : { kind: 'number', number };
}

/** How many items were changed; none is a miss. */
function changed(count: number): Result {
  return { kind: 'number', number: count, isMiss: count === 0 };
}

async function get(client: Speicher, { key, options }: CommandCall): Promise<Result> {
  const found = await client.gets(key, { as: 'bytes', ...options });
  return found === undefined ? MISS : { kind: 'value', value: { bytes: found.value, tag: found.tag } };
}

async function gets(client: Speicher, { key }: CommandCall): Promise<Result> {
  const found = await client.gets(key, { as: 'bytes' });
  if (found === undefined) return MISS;
  return { kind: 'value', value: { bytes: found.value, tag: found.tag }, version: found.version };
}

/** The first so many of a listing, without asking the server for many more. */
async function* first<Item>(items: AsyncIterable<Item>, limit: number | undefined): AsyncGenerator<Item> {
  let left = limit ?? Infinity;
  for await (const item of items) {
    yield item;
    left -= 1;
    if (left === 0) return;
  }
}

/** How many items one request of a listing asks for. */
const PAGE_SIZE = 500;

function listing({ limit = PAGE_SIZE }: CommandCall['options']) {
  return { keysAs: 'bytes', pageSize: Math.min(limit, PAGE_SIZE) } as const;
}

async function* keys(client: Speicher, { key, options }: CommandCall): AsyncGenerator<ListItem> {
  for await (const found of first(client.keys(key, listing(options)), options.limit)) yield { key: found };
}

async function* scan(client: Speicher, { key, options }: CommandCall): AsyncGenerator<ListItem> {
  const items = client.scan(key, { ...listing(options), as: 'bytes' });
  for await (const [found, value] of first(items, options.limit)) yield { key: found, value };
}

const VALUE_DETAILS =
  'The value is stored byte for byte. --type says what it is, so that clients in any language read it back as that. ' +
  'Nothing is guessed from its looks: 42 is the text 42 unless you say --type integer.';

const ITEMS = {
  get: {
    summary: 'print the value of a key',
    details: `Prints the value's bytes and nothing else; on a terminal a line break follows.`,
    arguments: ['KEY'],
    options: ['touch', 'token', 'json'],
    examples: ['get greeting', 'get picture > picture.png', 'get session:1 --touch 30m'],
    run: get,
  },
  set: {
    summary: 'store a value under a key, whether there is one or not',
    details: VALUE_DETAILS,
    arguments: ['KEY', '[VALUE]'],
    options: ['ttl', 'type', 'ifVersion', 'token'],
    examples: [
      'set greeting hello',
      'set session:1 alice --ttl 30m',
      `set user:1 '{"name":"Alice"}' --type json`,
      'set picture < picture.png',
    ],
    run: async (client, { key, value, options }) =>
      whether(await client.set(key, value.bytes, { tag: value.tag, ...options })),
  },
  add: {
    summary: 'store a value under a key that does not exist yet',
    details: VALUE_DETAILS,
    arguments: ['KEY', '[VALUE]'],
    options: ['ttl', 'type'],
    examples: ['add leader node-1 --ttl 10s'],
    run: async (client, { key, value, options }) =>
      whether(await client.add(key, value.bytes, { tag: value.tag, ...options })),
  },
  replace: {
    summary: 'store a value under a key that exists already',
    details: VALUE_DETAILS,
    arguments: ['KEY', '[VALUE]'],
    options: ['ttl', 'type', 'ifVersion', 'token'],
    examples: ['replace greeting "good morning"'],
    run: async (client, { key, value, options }) =>
      whether(await client.replace(key, value.bytes, { tag: value.tag, ...options })),
  },
  append: {
    summary: 'put something behind the value of a key',
    arguments: ['KEY', '[VALUE]'],
    options: ['ifVersion', 'token'],
    examples: ['append log "one more line"'],
    run: async (client, { key, value, options }) => whether(await client.append(key, value.bytes, options)),
  },
  prepend: {
    summary: 'put something before the value of a key',
    arguments: ['KEY', '[VALUE]'],
    options: ['ifVersion', 'token'],
    examples: ['prepend log "first line"'],
    run: async (client, { key, value, options }) => whether(await client.prepend(key, value.bytes, options)),
  },
  delete: {
    summary: 'remove a key and its value',
    arguments: ['KEY'],
    options: ['ifVersion', 'token'],
    examples: ['delete greeting'],
    run: async (client, { key, options }) => whether(await client.delete(key, options)),
  },
  gets: {
    summary: 'print the version of a key in one line, and its value behind that',
    arguments: ['KEY'],
    options: ['json'],
    examples: ['gets greeting', 'gets greeting --json'],
    run: gets,
  },
  cas: {
    summary: 'store a value if the key still has the version that gets printed',
    details: VALUE_DETAILS,
    arguments: ['KEY', 'VERSION', '[VALUE]'],
    options: ['ttl', 'type', 'token'],
    examples: ['cas greeting 17 "good evening"'],
    run: async (client, { key, version, value, options }) =>
      whether(await client.cas(key, value.bytes, version, { tag: value.tag, ...options })),
  },
  increment: {
    summary: 'add to a decimal integer and print the sum',
    arguments: ['KEY', '[DELTA]'],
    options: ['initial', 'ttl', 'ifVersion', 'token'],
    examples: ['increment visits', 'increment visits 10 --initial 0'],
    run: async (client, { key, delta, options }) => numberOrMiss(await client.increment(key, delta, options)),
  },
  decrement: {
    summary: 'subtract from a decimal integer and print the difference',
    arguments: ['KEY', '[DELTA]'],
    options: ['initial', 'ttl', 'ifVersion', 'token'],
    examples: ['decrement stock', 'decrement stock 3'],
    run: async (client, { key, delta, options }) => numberOrMiss(await client.decrement(key, delta, options)),
  },
  touch: {
    summary: 'set how long a key lives from now on',
    arguments: ['KEY'],
    options: ['ttl', 'ifVersion', 'token'],
    examples: ['touch session:1 --ttl 30m', 'touch session:1   (lives for ever)'],
    run: async (client, { key, options }) => whether(await client.touch(key, options.ttlMs ?? 0, options)),
  },
  ttl: {
    summary: 'print how many milliseconds a key still lives; -1 for ever',
    arguments: ['KEY'],
    options: [],
    examples: ['ttl session:1'],
    run: async (client, { key }) => {
      const leftMs = await client.ttl(key);
      return numberOrMiss(leftMs === Infinity ? -1 : leftMs);
    },
  },
  lock: {
    summary: 'lock a key and print the token with which alone it can be changed',
    arguments: ['KEY'],
    options: ['lockTtl', 'token'],
    examples: ['token=$(speicher lock job:1 --ttl 1m)', 'lock job:1 --ttl 1m --token $token   (once more)'],
    run: async (client, { key, options }) => numberOrMiss(await client.lock(key, options)),
  },
  unlock: {
    summary: 'remove the lock of a key; without --token whoever holds it',
    arguments: ['KEY'],
    options: ['token'],
    examples: ['unlock job:1 --token $token'],
    run: async (client, { key, options }) => whether(await client.unlock(key, options)),
  },
  meta: {
    summary: 'print what is known of an item: size, tag, version, times, lock',
    arguments: ['KEY'],
    options: ['json'],
    examples: ['meta greeting'],
    run: async (client, { key }) => {
      const fields = await client.meta(key);
      return fields === undefined ? MISS : { kind: 'fields', fields };
    },
  },
} as const satisfies Record<string, ClientCommand>;

const PREFIXES = {
  count: {
    summary: 'print how many keys there are',
    arguments: ['[PREFIX]'],
    options: [],
    examples: ['count', 'count session:'],
    run: async (client, { key }) => ({ kind: 'number', number: await client.count(key) }),
  },
  keys: {
    summary: 'print keys in ascending order, one per line',
    arguments: ['[PREFIX]'],
    options: ['limit', 'json'],
    examples: ['keys', 'keys session: --limit 10', 'keys session: --json'],
    run: async (client, call) => ({ kind: 'list', items: keys(client, call) }),
  },
  scan: {
    summary: 'print keys with their values in ascending order of the keys',
    details: 'One line per item: the key, a tab, the value. With --json: {"key": …, "value": …}.',
    arguments: ['[PREFIX]'],
    options: ['limit', 'json'],
    examples: ['scan session: --json'],
    run: async (client, call) => ({ kind: 'list', items: scan(client, call) }),
  },
  'delete-prefix': {
    summary: 'remove all items under a prefix and print how many',
    arguments: ['PREFIX'],
    options: ['token'],
    examples: ['delete-prefix session:', 'delete-prefix ""   (all)'],
    run: async (client, { key, options }) => changed(await client.deletePrefix(key, options)),
  },
  'set-prefix': {
    summary: 'give all items under a prefix one value and print how many',
    details: VALUE_DETAILS,
    arguments: ['PREFIX', '[VALUE]'],
    options: ['ttl', 'type', 'token'],
    examples: ['set-prefix flag: off'],
    run: async (client, { key, value, options }) =>
      changed(await client.setPrefix(key, value.bytes, { tag: value.tag, ...options })),
  },
  'touch-prefix': {
    summary: 'set how long all items under a prefix live and print how many',
    arguments: ['PREFIX'],
    options: ['ttl', 'token'],
    examples: ['touch-prefix session: --ttl 30m'],
    run: async (client, { key, options }) => changed(await client.touchPrefix(key, options.ttlMs ?? 0, options)),
  },
  'increment-prefix': {
    summary: 'add to all integers under a prefix and print how many',
    arguments: ['PREFIX', '[DELTA]'],
    options: ['token'],
    examples: ['increment-prefix visits: 5'],
    run: async (client, { key, delta, options }) => changed(await client.incrementPrefix(key, delta, options)),
  },
  'lock-prefix': {
    summary: 'lock all items under a prefix and print the one token, then how many',
    arguments: ['PREFIX'],
    options: ['lockTtl', 'json'],
    examples: ['lock-prefix job: --ttl 1m'],
    run: async (client, { key, options }) => {
      const { token, count } = await client.lockPrefix(key, options);
      return token === undefined ? MISS : { kind: 'fields', fields: { token, count } };
    },
  },
  'unlock-prefix': {
    summary: 'unlock all items under a prefix and print how many',
    arguments: ['PREFIX'],
    options: ['token'],
    examples: ['unlock-prefix job: --token 17'],
    run: async (client, { key, options }) => changed(await client.unlockPrefix(key, options)),
  },
} as const satisfies Record<string, ClientCommand>;

const SERVER = {
  ping: {
    summary: 'ask the server for a sign of life',
    arguments: ['[MESSAGE]'],
    options: [],
    examples: ['ping', 'ping hello'],
    run: async (client, { message }) => {
      const bytes = Buffer.from(await client.ping(message));
      return { kind: 'value', value: typedValue(bytes) };
    },
  },
  hello: {
    summary: 'print what the server is: version, profiles, limits',
    arguments: [],
    options: ['json'],
    examples: ['hello', 'hello --json'],
    run: async (client) => ({ kind: 'fields', fields: await client.hello() }),
  },
  stats: {
    summary: "print the server's counters",
    arguments: [],
    options: ['json'],
    examples: ['stats', 'stats --json', 'stats --watch', 'stats --watch 5s'],
    run: async (client) => ({ kind: 'fields', fields: await client.stats() }),
  },
  reset: {
    summary: 'remove every item, locked ones too',
    arguments: [],
    options: [],
    examples: ['reset'],
    run: async (client) => whether(await client.reset()),
  },
  sync: {
    summary: 'return once all that was written is durable',
    details: 'A server without durability refuses this.',
    arguments: [],
    options: [],
    examples: ['sync'],
    run: async (client) => whether(await client.sync()),
  },
} as const satisfies Record<string, ClientCommand>;

/** All of them by name, in the order of help. */
export const CLIENT_COMMANDS: ReadonlyMap<string, ClientCommand> = new Map(
  Object.entries({ ...ITEMS, ...PREFIXES, ...SERVER }),
);
