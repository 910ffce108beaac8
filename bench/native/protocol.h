/*
 * The protocols that the load generator speaks, each as two functions: put a request, and check a reply in full. All
 * ask for the same keys, `key:` and ten digits, with the same values.
 */
#ifndef BENCH_PROTOCOL_H
#define BENCH_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

enum { KEY_BYTES = 14, REQUEST_OVERHEAD_BYTES = 128 };

typedef enum { OP_GET, OP_SET, OP_PING } Op;

/* A request that waits for its reply. */
typedef struct {
  uint64_t key;
  int64_t sent_ns;
  uint32_t id;
  Op op;
} Pending;

typedef enum { REPLY_DONE, REPLY_HIT, REPLY_MISS, REPLY_WRONG } Outcome;

typedef struct {
  const char *name;
  /* Writes a request to where REQUEST_OVERHEAD_BYTES and a value have room, and returns how long it is. */
  size_t (*put)(char *to, const Pending *pending);
  /*
   * Reads the reply to `pending`. Returns its length in bytes, and in `outcome` what it says; 0 if it has not wholly
   * arrived. REPLY_WRONG is a reply with another status, id, key, length or value than the request allows.
   */
  size_t (*check)(const char *from, size_t length, const Pending *pending, Outcome *outcome);
  int has_ping;
} Protocol;

/* The protocol of this name, or NULL. */
const Protocol *protocol_named(const char *name);

/* The lifetime that SET gives items in speicher's protocol, in milliseconds; 0: they never expire. */
extern uint64_t set_ttl_ms;

/* Writes the KEY_BYTES bytes of a key. */
void put_key(char *to, uint64_t key);

extern const Protocol speicher_protocol, memcached_text_protocol, memcached_binary_protocol, resp_protocol;

#endif
