#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: loadgen --protocol NAME --port PORT [OPTION …]\n"
    "\n"
    "  --protocol NAME      speicher, memcached-text, memcached-binary or resp\n"
    "  --port PORT          of a server on 127.0.0.1\n"
    "  --connections N      connections (50)\n"
    "  --batch N            requests that leave together on a connection (1)\n"
    "  --value-bytes N      length of values (100)\n"
    "  --keys N             how many keys (100000)\n"
    "  --first-key N        number of the first key (0)\n"
    "  --get-share X        share of gets, the others are sets, 0 to 1 (0.9)\n"
    "  --fill               first set every key once\n"
    "  --warmup S           seconds under load before anything is counted (0)\n"
    "  --seconds S          seconds that are counted; 0: only fill (5)\n"
    "  --rate N             requests a second, sent when due whatever has come back (0: as fast as replies come)\n"
    "  --ping               send PING instead of gets and sets\n"
    "  --ttl-ms N           lifetime of what is set, in speicher's protocol (0: for ever)\n"
    "  --same-values        expect one and the same value for every key\n"
    "  --server-pid PID     tell what this process took of CPU time and memory\n"
    "  --seed N             of the random keys (1)\n";

static void refuse(const char *option, const char *why) {
  fprintf(stderr, "loadgen: %s %s\n\n%s", option, why, usage);
  exit(2);
}

static double number(const char *option, const char *text, double min, double max) {
  char *end;
  errno = 0;
  double value = strtod(text, &end);
  if (errno != 0 || end == text || *end != '\0' || !(value >= min && value <= max)) {
    refuse(option, "is no number, or out of range");
  }
  return value;
}

static uint64_t whole(const char *option, const char *text, double min, double max) {
  double value = number(option, text, min, max);
  if (value != floor(value)) refuse(option, "is no whole number");
  return (uint64_t)value;
}

/* An option without a value; returns 0 if it is none. */
static int read_switch(Options *options, const char *name) {
  if (strcmp(name, "--fill") == 0) return options->fill = 1;
  if (strcmp(name, "--ping") == 0) return options->ping = 1;
  if (strcmp(name, "--same-values") == 0) return options->same_values = 1;
  return 0;
}

static void read_option(Options *options, const char *name, const char *text) {
  /* Ten digits of a key. */
  const double keys_max = 1e10;
  if (strcmp(name, "--protocol") == 0) {
    options->protocol = protocol_named(text);
    if (options->protocol == NULL) refuse(name, "is unknown");
  } else if (strcmp(name, "--port") == 0) {
    options->port = (int)whole(name, text, 1, 65535);
  } else if (strcmp(name, "--connections") == 0) {
    options->connections = (int)whole(name, text, 1, CONNECTIONS_MAX);
  } else if (strcmp(name, "--batch") == 0) {
    options->batch = (int)whole(name, text, 1, BATCH_MAX);
  } else if (strcmp(name, "--value-bytes") == 0) {
    options->value_bytes = whole(name, text, 0, VALUE_BYTES_MAX);
  } else if (strcmp(name, "--keys") == 0) {
    options->keys = whole(name, text, 1, keys_max);
  } else if (strcmp(name, "--first-key") == 0) {
    options->first_key = whole(name, text, 0, keys_max);
  } else if (strcmp(name, "--get-share") == 0) {
    options->get_share = number(name, text, 0, 1);
  } else if (strcmp(name, "--warmup") == 0) {
    options->warmup_seconds = number(name, text, 0, 86400);
  } else if (strcmp(name, "--seconds") == 0) {
    options->seconds = number(name, text, 0, 86400);
  } else if (strcmp(name, "--rate") == 0) {
    options->rate = number(name, text, 0, 1e8);
  } else if (strcmp(name, "--ttl-ms") == 0) {
    options->ttl_ms = whole(name, text, 0, 9007199254740991.0);
  } else if (strcmp(name, "--server-pid") == 0) {
    options->server_pid = (int)whole(name, text, 1, 4194304);
  } else if (strcmp(name, "--seed") == 0) {
    options->seed = whole(name, text, 1, 4294967295.0);
  } else {
    refuse(name, "is no option");
  }
}

Options read_options(int argc, char **argv) {
  Options options = {.connections = 50, .batch = 1, .value_bytes = 100, .keys = 100000, .get_share = 0.9, .seconds = 5,
                     .seed = 1};
  for (int at = 1; at < argc; at++) {
    if (read_switch(&options, argv[at])) continue;
    if (at + 1 == argc) refuse(argv[at], "is no switch, and nothing follows it");
    read_option(&options, argv[at], argv[at + 1]);
    at++;
  }
  if (options.protocol == NULL) refuse("--protocol", "is missing");
  if (options.port == 0) refuse("--port", "is missing");
  if (options.ping && !options.protocol->has_ping) refuse("--ping", "is not spoken in this protocol");
  if (options.ttl_ms > 0 && options.protocol != &speicher_protocol) refuse("--ttl-ms", "is for speicher alone");
  if (options.first_key + options.keys > (uint64_t)1e10) refuse("--first-key", "and --keys need more than ten digits");
  return options;
}
