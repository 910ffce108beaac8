/*
 * Latencies in nanoseconds, counted in buckets that are at most 1/64 of their value wide: percentiles of any number of
 * operations in 18 KiB, with an error below 1.6 %.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
  HISTOGRAM_STEP_BITS = 6,
  HISTOGRAM_STEPS = 1 << HISTOGRAM_STEP_BITS,
  /* Values from 2^40 ns (18 minutes) on are counted in the last bucket. */
  HISTOGRAM_VALUE_BITS = 40,
  HISTOGRAM_BUCKETS = (HISTOGRAM_VALUE_BITS - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS
};

typedef struct {
  uint64_t count;
  uint64_t max_ns;
  uint64_t buckets[HISTOGRAM_BUCKETS];
} Histogram;

void histogram_clear(Histogram *histogram);

void histogram_record(Histogram *histogram, uint64_t value_ns);

/*
 * The smallest recorded value, rounded up to its bucket's end, that at least `share` of all values do not exceed. The
 * share is between 0 and 1; of an empty histogram every percentile is 0.
 */
uint64_t histogram_percentile(const Histogram *histogram, double share);

#endif
