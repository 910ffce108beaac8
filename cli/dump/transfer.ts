/** Items out of a server and into one, over the wire. */
import { SpeicherError } from '../../protocol/index.ts';
import type { Speicher } from '../../client/index.ts';
import { badInput, shownKey, type DumpItem, type PlacedItem } from './dump-item.ts';

/** Keys that one request lists. */
const PAGE_SIZE = 500;

/** Values asked for at a time, and their bytes if all are as long as may be: what is held in memory. */
const GETS_MAX = 32;
const GETS_BYTES_MAX = 256 * 1024 * 1024;

/** Items on their way to a server at a time, and their bytes. One item may go beyond the bytes. */
export const FLIGHT_ITEMS_MAX = 256;
const FLIGHT_BYTES_MAX = 8 * 1024 * 1024;

/**
 * All items under a prefix, in the order of their keys. What is stored or removed meanwhile may be among them or not;
 * nothing else is left out.
 *
 * @param valueBytesMax the longest value that the server takes. One may go beyond the bytes asked for at a time
 * @throws SpeicherError as the client does, with the key if it was about a value
 */
export async function* dumpItems(client: Speicher, prefix: string, valueBytesMax: number): AsyncGenerator<DumpItem> {
  const getsMax = Math.min(GETS_MAX, Math.max(1, Math.floor(GETS_BYTES_MAX / valueBytesMax)));
  let keys: Uint8Array[] = [];
  for await (const key of client.keys(prefix, { keysAs: 'bytes', pageSize: PAGE_SIZE })) {
    keys.push(Buffer.from(key));
    if (keys.length < getsMax) continue;
    yield* await getAll(client, keys);
    keys = [];
  }
  yield* await getAll(client, keys);
}

async function getAll(client: Speicher, keys: readonly Uint8Array[]): Promise<DumpItem[]> {
  const found = await Promise.all(
    keys.map(async (key) => {
      const item = await client.gets(key, { as: 'bytes' }).catch((error: unknown) => {
        throw placed(error, `key ${shownKey(key)}`);
      });
      // What is at its end expires with the dump: 0 would let it live for ever.
      return item && { key, value: item.value, tag: item.tag, ttlMs: Math.max(1, item.ttlMs) };
    }),
  );
  return found.filter((item) => item !== undefined);
}

/** Says which item it was that could not be stored or had. */
function placed(error: unknown, place: string): Error {
  if (error instanceof SpeicherError) return new SpeicherError(error.code, place, { cause: error });
  return badInput(place, error instanceof Error ? error.message : String(error), error);
}

/**
 * Stores items, many at a time. After the first that fails no more are sent, and those on their way are waited for.
 *
 * @param onStored is called once for each item that was stored
 * @throws SpeicherError what the first failure was, with its place
 */
export async function loadItems(
  client: Speicher,
  items: AsyncIterable<PlacedItem>,
  onStored: () => void,
): Promise<void> {
  const flight = new Set<Promise<void>>();
  let flightBytes = 0;
  let failure: Error | undefined;
  const store = async ({ place, item }: PlacedItem, bytes: number): Promise<void> => {
    try {
      await client.set(item.key, item.value, { tag: item.tag, ttlMs: item.ttlMs });
      onStored();
    } catch (error) {
      failure ??= placed(error, place);
    }
    flightBytes -= bytes;
  };
  const isFull = (moreBytes: number): boolean =>
    flight.size >= FLIGHT_ITEMS_MAX || (flight.size > 0 && flightBytes + moreBytes > FLIGHT_BYTES_MAX);
  try {
    for await (const each of items) {
      const bytes = each.item.key.length + each.item.value.length;
      while (isFull(bytes)) await Promise.race(flight);
      if (failure !== undefined) break;
      flightBytes += bytes;
      const stored: Promise<void> = store(each, bytes).finally(() => flight.delete(stored));
      flight.add(stored);
    }
  } finally {
    await Promise.all(flight);
  }
  if (failure !== undefined) throw failure;
}
