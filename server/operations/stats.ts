import type { ServerContext } from '../context.ts';
import type { DataLogStats } from '../log/data-log-options.ts';
import type { TextEntries } from './text-entries.ts';

/** STATS-1: counters since the start; `uptime` in seconds, `memory` in bytes. */
export function statsEntries({ store, clock, counters, log }: ServerContext): TextEntries {
  const { items, hits, misses, memoryBytes, evictions, expired } = store.stats();
  return [
    ['uptime', `${Math.floor((clock.nowMs() - counters.startedMs) / 1000)}`],
    ['items', `${items}`],
    ['connections', `${counters.connections}`],
    ['requests', `${counters.requests}`],
    ['hits', `${hits}`],
    ['misses', `${misses}`],
    ['memory', `${memoryBytes}`],
    ['evictions', `${evictions}`],
    ['expired', `${expired}`],
    ...(log === undefined ? [] : logEntries(log.stats())),
  ];
}

function logEntries(stats: DataLogStats): TextEntries {
  return [
    ['log-state', stats.state],
    ['log-bytes', `${stats.logBytes}`],
    ['log-syncs', `${stats.syncs}`],
    ['log-dropped', `${stats.droppedBytes}`],
    ['snapshot-bytes', `${stats.snapshotBytes}`],
    ['snapshots', `${stats.snapshots}`],
  ];
}
