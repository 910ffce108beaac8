#include "histogram.h"

#include <string.h>

void histogram_clear(Histogram *histogram) { memset(histogram, 0, sizeof *histogram); }

/*
 * Below HISTOGRAM_STEPS a value is its own bucket. Above, the highest bit picks a group of HISTOGRAM_STEPS buckets and
 * the bits that follow it pick the bucket in the group.
 */
static uint32_t bucket_of(uint64_t value_ns) {
  if (value_ns < HISTOGRAM_STEPS) return (uint32_t)value_ns;
  if (value_ns >> HISTOGRAM_VALUE_BITS) return HISTOGRAM_BUCKETS - 1;
  uint32_t shift = 63 - (uint32_t)__builtin_clzll(value_ns) - HISTOGRAM_STEP_BITS;
  return (shift + 1) * HISTOGRAM_STEPS + (uint32_t)(value_ns >> shift) - HISTOGRAM_STEPS;
}

static uint64_t last_value_of(uint32_t bucket) {
  if (bucket < HISTOGRAM_STEPS) return bucket;
  uint32_t shift = bucket / HISTOGRAM_STEPS - 1;
  uint64_t first = (uint64_t)(bucket % HISTOGRAM_STEPS + HISTOGRAM_STEPS) << shift;
  return first + ((uint64_t)1 << shift) - 1;
}

void histogram_record(Histogram *histogram, uint64_t value_ns) {
  histogram->count++;
  histogram->buckets[bucket_of(value_ns)]++;
  if (value_ns > histogram->max_ns) histogram->max_ns = value_ns;
}

uint64_t histogram_percentile(const Histogram *histogram, double share) {
  if (histogram->count == 0) return 0;
  double exact = share * (double)histogram->count;
  uint64_t wanted = (uint64_t)exact;
  if ((double)wanted < exact || wanted == 0) wanted++;
  uint64_t seen = 0;
  for (uint32_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    seen += histogram->buckets[bucket];
    if (seen < wanted) continue;
    uint64_t value_ns = last_value_of(bucket);
    return value_ns < histogram->max_ns ? value_ns : histogram->max_ns;
  }
  return histogram->max_ns;
}
