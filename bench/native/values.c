#include "values.h"

#include <stdio.h>
#include <stdlib.h>

enum { WINDOW = 4096 };

static char *pattern;
static size_t bytes;
static int all_same;

void values_init(size_t value_bytes, int same) {
  bytes = value_bytes;
  all_same = same;
  pattern = malloc(WINDOW + value_bytes);
  if (pattern == NULL) {
    perror("values");
    exit(1);
  }
  uint64_t random = 88172645463325252ull;
  for (size_t at = 0; at < WINDOW + value_bytes; at++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    pattern[at] = (char)random;
  }
}

size_t value_bytes(void) { return bytes; }

/* The multiplier spreads neighbouring keys over the window, so that a neighbour's value is not taken for one's own. */
const char *value_of(uint64_t key) { return pattern + (all_same ? 0 : key * 2654435761u % WINDOW); }
