/**
 * A program: random operations with values of 1 byte to 1 MiB on a store that evicts, in a process that does nothing
 * else. Prints the most resident memory that it saw, and the most that items took by the store's account, in bytes.
 *
 *     node --import tsx server/store/testing/resident-memory.ts OPERATIONS MAX_MEMORY_BYTES [SEED]
 */
import { ReplyFrame } from '../../../protocol/index.ts';
import { systemClock } from '../../clock.ts';
import { ArenaStore } from '../arena/arena-store.ts';
import { makeRequest } from './requests.ts';
import { SeededNumbers } from './wide-operations.ts';

const KEYS = 200_000;
const VALUE_BYTES_MAX = 2 ** 20;
const OPERATIONS_PER_SAMPLE = 1000;

const [operations = 0, maxMemoryBytes = 0, seed = Date.now() % 2 ** 32] = process.argv.slice(2).map(Number);
const numbers = new SeededNumbers(seed);
const store = new ArenaStore({
  clock: systemClock,
  valueBytesMax: VALUE_BYTES_MAX,
  seed: [seed, 7],
  maxMemoryBytes,
  policy: 'lru',
});
const request = makeRequest({ key: '0000000', value: Buffer.alloc(VALUE_BYTES_MAX, 'v') });
const reply = new ReplyFrame();
const { keyStart, valueStart } = request;

function step(): void {
  Buffer.from(request.keyBytes.buffer, request.keyBytes.byteOffset + keyStart).write(
    String(numbers.below(KEYS)).padStart(7, '0'),
  );
  request.valueEnd = valueStart + 1 + numbers.below(2 ** numbers.below(21));
  reply.clear();
  const kind = numbers.below(10);
  if (kind < 6) store.set(request, reply);
  else if (kind < 8) store.get(request, reply);
  else if (kind < 9) store.delete(request, reply);
  else store.append(request, reply);
}

let rssBytesMax = 0;
let memoryBytesMax = 0;
for (let done = 0; done < operations; done++) {
  step();
  if (done % OPERATIONS_PER_SAMPLE > 0) continue;
  rssBytesMax = Math.max(rssBytesMax, process.memoryUsage.rss());
  memoryBytesMax = Math.max(memoryBytesMax, store.stats().memoryBytes);
}
store.check();
const { items, evictions } = store.stats();
process.stdout.write(`${JSON.stringify({ seed, items, evictions, rssBytesMax, memoryBytesMax })}\n`);
