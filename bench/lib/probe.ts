/**
 * A connection of its own that sends PING every millisecond, whether replies have come or not, while the server does
 * what takes long: how long it leaves others waiting.
 */
import { startLoad, type LoadMeasure } from './load.ts';
import type { Subject } from './subjects.ts';

const PROBE = { ping: true, connections: 1, rate: 1000, seconds: 3600 };

/** The probe is under way before the work begins. */
const HEAD_START_MS = 200;

/**
 * Probes a server while `work` goes on.
 *
 * @throws Error what `work` throws, or what the probe says if a reply was wrong
 */
export async function probe(subject: Subject, work: () => Promise<unknown>): Promise<LoadMeasure> {
  const probing = startLoad(subject, PROBE);
  // The probe's own failure is thrown below, when it is waited for.
  probing.finished.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, HEAD_START_MS));
  try {
    await work();
  } finally {
    probing.stop();
  }
  const { load } = await probing.finished;
  if (load === undefined) throw new Error('the probe tells nothing');
  return load;
}
