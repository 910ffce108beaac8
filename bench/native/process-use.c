#include "process-use.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Opens a file of /proc/PID. */
static FILE *open_of(int pid, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  return fopen(path, "r");
}

/* Seconds that all threads of a process were ready to run and had no core. */
static double waited_seconds(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  if (tasks == NULL) return 0;
  double seconds = 0;
  for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
    int id = atoi(task->d_name);
    unsigned long long waited_ns;
    FILE *file = id > 0 ? open_of(id, "schedstat") : NULL;
    if (file == NULL) continue;
    if (fscanf(file, "%*u %llu", &waited_ns) == 1) seconds += (double)waited_ns / 1e9;
    fclose(file);
  }
  closedir(tasks);
  return seconds;
}

int read_process_use(int pid, ProcessUse *use) {
  char line[1024];
  memset(use, 0, sizeof *use);
  FILE *file = open_of(pid, "stat");
  if (file == NULL) return -1;
  /* The name in brackets may hold anything, blanks and brackets too: fields are counted behind its end. */
  const char *fields = fgets(line, sizeof line, file) == NULL ? NULL : strrchr(line, ')');
  fclose(file);
  unsigned long user, system_ticks;
  if (fields == NULL ||
      sscanf(fields + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system_ticks) != 2) {
    return -1;
  }
  double ticks_per_second = (double)sysconf(_SC_CLK_TCK);
  use->user_seconds = (double)user / ticks_per_second;
  use->system_seconds = (double)system_ticks / ticks_per_second;
  use->waited_seconds = waited_seconds(pid);
  unsigned long long pages;
  if ((file = open_of(pid, "statm")) != NULL) {
    if (fscanf(file, "%*u %llu", &pages) == 1) use->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    fclose(file);
  }
  return 0;
}
