/* What a process has taken from the machine so far, as /proc tells it. */
#ifndef BENCH_PROCESS_USE_H
#define BENCH_PROCESS_USE_H

#include <stdint.h>

typedef struct {
  double user_seconds;
  double system_seconds;
  /* How long its threads were ready to run and had no core: what others on the machine took from them. */
  double waited_seconds;
  uint64_t resident_bytes;
} ProcessUse;

/* Reads it; returns 0, or -1 if there is no such process. */
int read_process_use(int pid, ProcessUse *use);

#endif
