/* Holds the histogram against a sorted list of the same values, and its ends. Ends with 0 if all is right. */
#include <stdio.h>
#include <stdlib.h>

#include "histogram.h"

enum { VALUES = 20000 };

static int failures;

static void check(int right, const char *what, double share, uint64_t got, uint64_t exact) {
  if (right) return;
  failures++;
  fprintf(stderr, "%s at %g: got %llu, exact %llu\n", what, share, (unsigned long long)got, (unsigned long long)exact);
}

static int ascending(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return (a > b) - (a < b);
}

/* Values of all sizes: the number of bits is random, and so are the bits. */
static void compare_with_sorted(uint64_t seed) {
  static uint64_t values[VALUES];
  static Histogram histogram;
  const double shares[] = {0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1};
  histogram_clear(&histogram);
  for (int at = 0; at < VALUES; at++) {
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    values[at] = (seed >> 24) >> ((seed >> 8) % 40);
    histogram_record(&histogram, values[at]);
  }
  qsort(values, VALUES, sizeof *values, ascending);
  for (size_t at = 0; at < sizeof shares / sizeof *shares; at++) {
    int rank = (int)(shares[at] * VALUES + 0.999999);
    uint64_t exact = values[rank > 0 ? rank - 1 : 0];
    uint64_t got = histogram_percentile(&histogram, shares[at]);
    check(got >= exact && got <= exact + exact / HISTOGRAM_STEPS + 1, "percentile", shares[at], got, exact);
  }
  check(histogram_percentile(&histogram, 1) == values[VALUES - 1], "max", 1, histogram.max_ns, values[VALUES - 1]);
}

int main(void) {
  static Histogram histogram;
  check(histogram_percentile(&histogram, 0.5) == 0, "empty", 0.5, histogram_percentile(&histogram, 0.5), 0);
  histogram_record(&histogram, UINT64_MAX);
  check(histogram_percentile(&histogram, 1) > 0, "huge", 1, histogram_percentile(&histogram, 1), UINT64_MAX);
  for (uint64_t seed = 1; seed <= 20; seed++) compare_with_sorted(seed);
  if (failures == 0) puts("histogram: 20 seeds agree with sorted values");
  return failures != 0;
}
