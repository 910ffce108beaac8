/**
 * `max-memory` bounds what items take; what the process takes stays within 1.3 times that and 64 MB, whatever sizes
 * values have and had. Looked at from outside, where there is a /proc.
 */
import { existsSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { loadMixed, mixedPayload } from './testing/mixed-load.ts';
import { RawPeer } from './testing/raw-peer.ts';
import { ServerProcess } from './testing/server-process.ts';

/** How many operations; the soak test asks for more. */
const OPERATIONS = Number(process.env['SPEICHER_TEST_OPERATIONS'] ?? 20_000);
/** A few operations are to fill it several times. */
const MAX_MEMORY_MIB = OPERATIONS >= 100_000 ? 256 : 192;
const MB = 1_000_000;
const BOUND_MB = (1.3 * MAX_MEMORY_MIB * 2 ** 20) / MB + 64;
const VALUE_BYTES_MAX = MB;
const TIMEOUT_MS = Math.max(60_000, OPERATIONS);

let server: ServerProcess | undefined;

afterEach(() => server?.stop());

/** The promise is about the built server on Node: other runtimes, and counting coverage, take memory of their own. */
function reasonToSkip(): string | undefined {
  if (!existsSync('/proc/self/status')) return 'where there is no /proc';
  if (process.versions['bun'] !== undefined) return 'on Bun';
  return process.env['NODE_V8_COVERAGE'] === undefined ? undefined : 'while coverage is counted';
}

const reason = reasonToSkip();
const where = reason === undefined ? `, ${OPERATIONS} of them` : `, is not measured ${reason}`;

test.skipIf(reason !== undefined)(
  `after operations with values of 1 B to 1 MB${where}`,
  { timeout: TIMEOUT_MS },
  async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    server = await ServerProcess.start('--max-memory', `${MAX_MEMORY_MIB}MiB`);
    const emptyMib = await server.residentMib();
    const sizes = { valueBytesMax: VALUE_BYTES_MAX, payload: mixedPayload(VALUE_BYTES_MAX) };
    const load = { port: server.port, ...sizes, keys: 20_000, connections: 4, batch: 8 };
    const phases = [
      await loadMixed({ ...load, seed, operations: OPERATIONS / 2 }),
      // Small items take the place of large ones, and these theirs.
      await loadMixed({ ...load, seed, operations: OPERATIONS / 4, valueBytesMax: 200, keys: 1_000_000, batch: 64 }),
      await loadMixed({ ...load, seed, operations: OPERATIONS / 4 }),
    ];
    const peer = await RawPeer.connect(server);
    const stats = (await peer.ask('STATS')).text;
    const statOf = (name: string): number => Number(new RegExp(`${name}(\\d+)`).exec(stats)?.[1]);
    const peakMb = ((await server.peakResidentMib())! * 2 ** 20) / MB;
    peer.close();
    process.stdout.write(
      `resident memory: seed ${seed}; ${emptyMib} MiB at first, ${await server.residentMib()} MiB at last, ` +
        `at most ${peakMb.toFixed(0)} MB of ${BOUND_MB.toFixed(0)} MB; ${statOf('memory')} bytes by STATS, ` +
        `${statOf('evictions')} evictions; ${JSON.stringify(phases)}\n`,
    );
    expect(statOf('memory')).toBeLessThanOrEqual(MAX_MEMORY_MIB * 2 ** 20);
    expect(statOf('memory')).toBeGreaterThan(0.7 * MAX_MEMORY_MIB * 2 ** 20);
    expect(statOf('evictions')).toBeGreaterThan(0);
    expect(peakMb).toBeLessThanOrEqual(BOUND_MB);
  },
);
