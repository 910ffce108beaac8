/* The command line of the load generator. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

enum { BATCH_MAX = 4096, CONNECTIONS_MAX = 4096, VALUE_BYTES_MAX = 64 << 20 };

typedef struct {
  const Protocol *protocol;
  int port;
  int connections;
  /* Requests that leave together, and of which all replies come before the connection's next batch. */
  int batch;
  size_t value_bytes;
  uint64_t first_key;
  uint64_t keys;
  double get_share;
  double warmup_seconds;
  double seconds;
  /* Requests a second over all connections, sent when they are due whether replies have come or not; 0: as fast as
   * replies come. */
  double rate;
  int server_pid;
  uint64_t seed;
  uint64_t ttl_ms;
  int same_values;
  int fill;
  int ping;
} Options;

/* Reads the command line; says what is wrong and ends the program with 2 if something is. */
Options read_options(int argc, char **argv);

#endif
