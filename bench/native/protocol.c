#include "protocol.h"

#include <string.h>

uint64_t set_ttl_ms;

void put_key(char *to, uint64_t key) {
  memcpy(to, "key:", 4);
  for (int at = KEY_BYTES - 1; at >= 4; at--) {
    to[at] = (char)('0' + key % 10);
    key /= 10;
  }
}

const Protocol *protocol_named(const char *name) {
  static const Protocol *const all[] = {&speicher_protocol, &memcached_text_protocol, &memcached_binary_protocol,
                                        &resp_protocol};
  for (size_t at = 0; at < sizeof all / sizeof *all; at++) {
    if (strcmp(all[at]->name, name) == 0) return all[at];
  }
  return NULL;
}
