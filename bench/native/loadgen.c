/*
 * A load generator: one thread, epoll, many connections, batches of requests. It speaks several protocols with the same
 * keys, values and mix, so that servers can be compared on the same work. Every reply is checked in full, and the
 * first wrong one ends the run. The server's CPU time comes from /proc: other processes disturb it much less than they
 * disturb a throughput. Prints one line of JSON. SIGTERM ends the counting early.
 *
 * Latency is counted for each request, from the moment when it was to be sent (with --rate: when it was due, so that a
 * server which keeps requests waiting does not hide that) until its reply had been read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "connection.h"
#include "histogram.h"
#include "options.h"
#include "process-use.h"
#include "values.h"

enum { EVENTS = 512, FILL_BATCH = 64, FILL_BYTES = 1 << 20, WAIT_NS_MAX = 100000000 };

#define OWED_WAIT_NS 30000000000ll

typedef enum { FILLING, LOADING } Phase;

typedef struct {
  Options options;
  Connection *connections;
  int epoll;
  Phase phase;
  uint64_t random;
  uint64_t filled;
  /* With --rate: when the next batch is due, and the connection that it goes to. */
  double due_ns;
  uint64_t turn;
  uint64_t operations, hits, misses;
  Histogram latency;
} Load;

typedef struct {
  double seconds;
  uint64_t operations;
  int knows_server;
  ProcessUse server;
} Measure;

static volatile sig_atomic_t is_ended;

static void end_early(int signal) {
  (void)signal;
  is_ended = 1;
}

static uint64_t next_random(Load *load) {
  load->random ^= load->random << 13;
  load->random ^= load->random >> 7;
  load->random ^= load->random << 17;
  return load->random;
}

static void count_reply(const Pending *pending, Outcome outcome, int64_t now_ns, void *context) {
  Load *load = context;
  load->operations++;
  load->hits += outcome == REPLY_HIT;
  load->misses += outcome == REPLY_MISS;
  histogram_record(&load->latency, now_ns > pending->sent_ns ? (uint64_t)(now_ns - pending->sent_ns) : 0);
}

static void put_batch(Load *load, Connection *connection, int64_t sent_ns) {
  const Options *options = &load->options;
  if (load->phase == FILLING) {
    /* Large values leave one by one, or a batch would be larger than what servers take unread. */
    size_t room = FILL_BYTES;
    for (int at = 0; at < FILL_BATCH && load->filled < options->keys; at++) {
      if (at > 0 && room < options->value_bytes) break;
      room -= room < options->value_bytes ? room : options->value_bytes;
      connection_put(connection, options->protocol, options->first_key + load->filled++, OP_SET, sent_ns);
    }
  } else {
    for (int at = 0; at < options->batch; at++) {
      double lot = (double)(next_random(load) >> 11) * 0x1p-53;
      Op op = options->ping ? OP_PING : lot < options->get_share ? OP_GET : OP_SET;
      uint64_t key = options->first_key + next_random(load) % options->keys;
      connection_put(connection, options->protocol, key, op, sent_ns);
    }
  }
  connection_flush(connection, load->epoll);
}

/* Sends the batches whose time has come, to each connection in turn; one that is full of requests ends the round. */
static void put_due(Load *load, int64_t now_ns) {
  const Options *options = &load->options;
  while (load->due_ns <= (double)now_ns) {
    Connection *connection = &load->connections[load->turn % (uint64_t)options->connections];
    if (connection_pending(connection) + (uint32_t)options->batch > PENDING_MAX) return;
    put_batch(load, connection, (int64_t)load->due_ns);
    load->due_ns += 1e9 * options->batch / options->rate;
    load->turn++;
  }
}

static int is_open_loop(const Load *load) { return load->phase == LOADING && load->options.rate > 0; }

static void wait_for_events(Load *load, int64_t until_ns) {
  struct epoll_event events[EVENTS];
  int64_t now_ns = monotonic_ns();
  int64_t wait_ns = until_ns - now_ns;
  if (is_open_loop(load) && load->due_ns - (double)now_ns < (double)wait_ns) {
    wait_ns = (int64_t)load->due_ns - now_ns;
  }
  if (wait_ns > WAIT_NS_MAX) wait_ns = WAIT_NS_MAX;
  if (wait_ns < 0) wait_ns = 0;
  struct timespec timeout = {.tv_sec = 0, .tv_nsec = wait_ns};
  int count = epoll_pwait2(load->epoll, events, EVENTS, &timeout, NULL);
  if (count < 0 && errno != EINTR) give_up("epoll_pwait2 failed");
  for (int at = 0; at < count; at++) {
    Connection *connection = events[at].data.ptr;
    if (events[at].events & EPOLLOUT) connection_flush(connection, load->epoll);
    if (!(events[at].events & ~(uint32_t)EPOLLOUT)) continue;
    connection_receive(connection, load->options.protocol, count_reply, load);
    if (!is_open_loop(load) && connection_pending(connection) == 0) put_batch(load, connection, monotonic_ns());
  }
}

/* With --rate, replies that are still owed are the late ones: without them the worst would not be counted. */
static void wait_for_owed(Load *load) {
  int64_t until_ns = monotonic_ns() + OWED_WAIT_NS;
  load->due_ns = HUGE_VAL;
  for (int at = 0; at < load->options.connections; at++) {
    while (connection_pending(&load->connections[at]) > 0) {
      if (monotonic_ns() >= until_ns) give_up("replies have not come within 30 s");
      wait_for_events(load, until_ns);
    }
  }
}

/* Loads the server until the time has come or a signal. */
static void run_until(Load *load, int64_t until_ns) {
  while (!is_ended && monotonic_ns() < until_ns) {
    if (is_open_loop(load)) put_due(load, monotonic_ns());
    wait_for_events(load, until_ns);
  }
}

static void begin_phase(Load *load, Phase phase) {
  load->phase = phase;
  load->due_ns = (double)monotonic_ns();
  if (is_open_loop(load)) return;
  for (int at = 0; at < load->options.connections; at++) {
    put_batch(load, &load->connections[at], monotonic_ns());
  }
}

static int64_t begin_measure(Load *load, Measure *measure) {
  load->operations = load->hits = load->misses = 0;
  histogram_clear(&load->latency);
  measure->knows_server = load->options.server_pid > 0;
  if (measure->knows_server && read_process_use(load->options.server_pid, &measure->server) != 0) {
    give_up("there is no process %d", load->options.server_pid);
  }
  return monotonic_ns();
}

static void end_measure(Load *load, Measure *measure, int64_t began_ns) {
  measure->seconds = (double)(monotonic_ns() - began_ns) / 1e9;
  measure->operations = load->operations;
  if (!measure->knows_server) return;
  ProcessUse now;
  if (read_process_use(load->options.server_pid, &now) != 0) give_up("the server has ended");
  now.user_seconds -= measure->server.user_seconds;
  now.system_seconds -= measure->server.system_seconds;
  now.waited_seconds -= measure->server.waited_seconds;
  measure->server = now;
}

static void fill(Load *load, Measure *measure) {
  int64_t began_ns = begin_measure(load, measure);
  begin_phase(load, FILLING);
  while (load->operations < load->options.keys) wait_for_events(load, INT64_MAX);
  end_measure(load, measure, began_ns);
}

static void print_measure(const Measure *measure) {
  const ProcessUse *server = &measure->server;
  double operations = measure->operations > 0 ? (double)measure->operations : 1;
  printf("\"seconds\":%.6f,\"operations\":%llu,\"operationsPerSecond\":%.1f", measure->seconds,
         (unsigned long long)measure->operations, (double)measure->operations / measure->seconds);
  if (!measure->knows_server) return;
  printf(",\"server\":{\"userSeconds\":%.2f,\"systemSeconds\":%.2f,\"cpuUsPerOperation\":%.4f,\"waitedSeconds\":%.4f,"
         "\"residentBytes\":%llu}",
         server->user_seconds, server->system_seconds,
         (server->user_seconds + server->system_seconds) * 1e6 / operations, server->waited_seconds,
         (unsigned long long)server->resident_bytes);
}

static void print_load(const Load *load, const Measure *measure) {
  static const struct {
    const char *name;
    double share;
  } percentiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};
  struct rusage own;
  getrusage(RUSAGE_SELF, &own);
  double own_seconds = (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
                       (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6;
  printf(",\"load\":{");
  print_measure(measure);
  printf(",\"hits\":%llu,\"misses\":%llu,\"latencyUs\":{", (unsigned long long)load->hits,
         (unsigned long long)load->misses);
  for (size_t at = 0; at < sizeof percentiles / sizeof *percentiles; at++) {
    printf("%s\"%s\":%.3f", at > 0 ? "," : "", percentiles[at].name,
           (double)histogram_percentile(&load->latency, percentiles[at].share) / 1e3);
  }
  printf("},\"ownCpuSeconds\":%.3f}", own_seconds);
}

int main(int argc, char **argv) {
  static Load load;
  load.options = read_options(argc, argv);
  const Options *options = &load.options;
  values_init(options->value_bytes, options->same_values);
  set_ttl_ms = options->ttl_ms;
  load.random = options->seed * 0x9e3779b97f4a7c15ull;
  /* Waits end to the microsecond, not within the usual 50. */
  prctl(PR_SET_TIMERSLACK, 1);
  signal(SIGTERM, end_early);
  signal(SIGINT, end_early);
  load.epoll = epoll_create1(0);
  load.connections = calloc((size_t)options->connections, sizeof *load.connections);
  if (load.epoll < 0 || load.connections == NULL) give_up("cannot begin");
  for (int at = 0; at < options->connections; at++) {
    connection_open(&load.connections[at], options->port, load.epoll);
  }
  printf("{\"protocol\":\"%s\"", options->protocol->name);
  if (options->fill) {
    Measure filled;
    fill(&load, &filled);
    printf(",\"fill\":{");
    print_measure(&filled);
    printf("}");
  }
  if (options->seconds > 0) {
    Measure loaded;
    begin_phase(&load, LOADING);
    run_until(&load, monotonic_ns() + (int64_t)(options->warmup_seconds * 1e9));
    int64_t began_ns = begin_measure(&load, &loaded);
    run_until(&load, began_ns + (int64_t)(options->seconds * 1e9));
    if (is_open_loop(&load)) wait_for_owed(&load);
    end_measure(&load, &loaded, began_ns);
    if (loaded.operations == 0) give_up("no reply came");
    print_load(&load, &loaded);
  }
  puts("}");
  return 0;
}
