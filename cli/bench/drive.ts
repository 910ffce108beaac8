/** Drives the lanes through one phase, from its first request to its last reply. */
import { SpeicherError } from '../../protocol/index.ts';
import type { Lane, Traffic } from './lane.ts';

/** How far off the next request has to be for the loop to sleep: the runtime's timers are about a millisecond late. */
const SLEEP_MS_MIN = 3;
const WATCH_MS_MAX = 500;

/** What a phase is made of, apart from how it ends. */
export type Phase = Omit<Traffic, 'onIdle' | 'onFailed'>;

/**
 * Sends everything that the phase's schedule lets leave.
 *
 * @param timeoutMs how long a lane may owe replies and be silent
 * @returns the time of the last reply, by `performance.now()`
 * @throws SpeicherError if a connection is lost, says nothing for too long, or answers what nobody asked
 */
export function drive(lanes: readonly Lane[], phase: Phase, timeoutMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const isIdle = (): boolean => lanes.every((lane) => lane.inFlight === 0);
    let isDone = false;
    const settle = (act: () => void): void => {
      if (isDone) return;
      isDone = true;
      clearInterval(watch);
      act();
    };
    const { schedule } = phase;
    const traffic: Traffic = {
      ...phase,
      schedule,
      onIdle: (nowMs) => {
        if (isIdle()) settle(() => resolve(nowMs));
      },
      onFailed: (error) => settle(() => reject(error)),
    };
    const watch = setInterval(
      () => {
        const nowMs = performance.now();
        const silent = lanes.find((lane) => lane.inFlight > 0 && nowMs - lane.heardAtMs > timeoutMs);
        if (silent !== undefined) {
          traffic.onFailed(new SpeicherError('SPEICHER_TIMEOUT', `nothing came for ${timeoutMs} ms`));
        } else if (schedule.isOver(nowMs)) {
          traffic.onIdle(nowMs);
        }
      },
      Math.min(WATCH_MS_MAX, timeoutMs / 2),
    );
    for (const lane of lanes) lane.start(traffic);
    const nowMs = performance.now();
    if (schedule.dueMs === undefined) for (const lane of lanes) lane.fill(nowMs);
    else keepTime(lanes, traffic, () => isDone);
  });
}

/** Hands requests out when they are due, one lane after the other. */
function keepTime(lanes: readonly Lane[], { schedule, onIdle }: Traffic, isDone: () => boolean): void {
  let turn = 0;
  const tick = (): void => {
    if (isDone()) return;
    const nowMs = performance.now();
    for (let full = 0; full < lanes.length;) {
      const lane = lanes[turn]!;
      if (!lane.isFull && !lane.offer(nowMs)) break;
      full = lane.isFull ? full + 1 : 0;
      turn = turn + 1 === lanes.length ? 0 : turn + 1;
    }
    for (const lane of lanes) lane.flush();
    if (schedule.isOver(nowMs)) {
      onIdle(nowMs);
      return;
    }
    const waitMs = (schedule.dueMs ?? nowMs) - nowMs;
    // Below that the loop turns without sleeping, for a request that leaves late would be measured as slow.
    if (waitMs < SLEEP_MS_MIN) setImmediate(tick);
    else setTimeout(tick, Math.floor(waitMs) - SLEEP_MS_MIN + 1);
  };
  tick();
}
