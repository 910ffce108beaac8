/* The two protocols with binary headers: speicher's own, and memcached's. */
#include <arpa/inet.h>
#include <string.h>

#include "protocol.h"
#include "values.h"

static void put_u16(char *to, uint16_t value) {
  value = htons(value);
  memcpy(to, &value, 2);
}

static void put_u32(char *to, uint32_t value) {
  value = htonl(value);
  memcpy(to, &value, 4);
}

static void put_u64(char *to, uint64_t value) {
  put_u32(to, (uint32_t)(value >> 32));
  put_u32(to + 4, (uint32_t)value);
}

static uint16_t read_u16(const char *from) {
  uint16_t value;
  memcpy(&value, from, 2);
  return ntohs(value);
}

static uint32_t read_u32(const char *from) {
  uint32_t value;
  memcpy(&value, from, 4);
  return ntohl(value);
}

static int is_value(const char *from, size_t length, uint64_t key) {
  return length == value_bytes() && memcmp(from, value_of(key), length) == 0;
}

/*
 *     request = length:u32 opcode:u8 flags:u8 key length:u16 id:u32 fields key value
 *     reply   = length:u32 opcode:u8 flags:u8 status:u16     id:u32 fields value
 */
enum { FRAME_HEADER = 12, FRAME_PING = 0x02, FRAME_GET = 0x10, FRAME_SET = 0x11, FRAME_FLAG_TTL = 0x01 };

static const uint8_t frame_opcodes[] = {[OP_GET] = FRAME_GET, [OP_SET] = FRAME_SET, [OP_PING] = FRAME_PING};

static size_t put_frame(char *to, const Pending *pending) {
  int has_ttl = pending->op == OP_SET && set_ttl_ms > 0;
  size_t key_bytes = pending->op == OP_PING ? 0 : KEY_BYTES;
  size_t length = FRAME_HEADER;
  if (has_ttl) {
    put_u64(to + length, set_ttl_ms);
    length += 8;
  }
  if (key_bytes > 0) put_key(to + length, pending->key);
  length += key_bytes;
  /* PING takes a value, and one byte will do. */
  if (pending->op == OP_PING) to[length++] = 'p';
  if (pending->op == OP_SET) {
    memcpy(to + length, value_of(pending->key), value_bytes());
    length += value_bytes();
  }
  put_u32(to, (uint32_t)(length - 4));
  to[4] = (char)frame_opcodes[pending->op];
  to[5] = (char)(has_ttl ? FRAME_FLAG_TTL : 0);
  put_u16(to + 6, (uint16_t)key_bytes);
  put_u32(to + 8, pending->id);
  return length;
}

static size_t check_frame(const char *from, size_t length, const Pending *pending, Outcome *outcome) {
  if (length < FRAME_HEADER) return 0;
  size_t frame = 4 + (size_t)read_u32(from);
  *outcome = REPLY_WRONG;
  if (frame < FRAME_HEADER) return length;
  int header_fits = (uint8_t)from[4] == (frame_opcodes[pending->op] | 0x80) && from[5] == 0 &&
                    read_u32(from + 8) == pending->id;
  if (!header_fits) return length;
  if (length < frame) return 0;
  uint16_t status = read_u16(from + 6);
  const char *value = from + FRAME_HEADER;
  size_t rest = frame - FRAME_HEADER;
  if (status == 404 && pending->op == OP_GET) *outcome = REPLY_MISS;
  if (status != 200) return frame;
  if (pending->op == OP_GET && is_value(value, rest, pending->key)) *outcome = REPLY_HIT;
  if (pending->op == OP_SET && rest == 0) *outcome = REPLY_DONE;
  if (pending->op == OP_PING && rest == 1 && value[0] == 'p') *outcome = REPLY_DONE;
  return frame;
}

const Protocol speicher_protocol = {"speicher", put_frame, check_frame, 1};

/*
 *     request = 80 opcode:u8 key length:u16 extras length:u8 0:u8 0:u16     body length:u32 opaque:u32 cas:u64
 *     reply   = 81 opcode:u8 key length:u16 extras length:u8 0:u8 status:u16 body length:u32 opaque:u32 cas:u64
 *     each followed by its body: extras key value
 */
enum { PACKET_HEADER = 24, SET_EXTRAS = 8, GET_REPLY_EXTRAS = 4, PACKET_NOT_FOUND = 1 };

static size_t put_packet(char *to, const Pending *pending) {
  int is_set = pending->op == OP_SET;
  size_t body = KEY_BYTES + (is_set ? SET_EXTRAS + value_bytes() : 0);
  size_t length = PACKET_HEADER + (is_set ? SET_EXTRAS : 0);
  memset(to, 0, length);
  to[0] = (char)0x80;
  to[1] = (char)(is_set ? 1 : 0);
  put_u16(to + 2, KEY_BYTES);
  to[4] = (char)(is_set ? SET_EXTRAS : 0);
  put_u32(to + 8, (uint32_t)body);
  put_u32(to + 12, pending->id);
  put_key(to + length, pending->key);
  length += KEY_BYTES;
  if (is_set) memcpy(to + length, value_of(pending->key), value_bytes());
  return PACKET_HEADER + body;
}

static size_t check_packet(const char *from, size_t length, const Pending *pending, Outcome *outcome) {
  if (length < PACKET_HEADER) return 0;
  *outcome = REPLY_WRONG;
  int header_fits = (uint8_t)from[0] == 0x81 && from[1] == (pending->op == OP_SET ? 1 : 0) &&
                    read_u32(from + 12) == pending->id;
  if (!header_fits) return length;
  size_t body = read_u32(from + 8);
  if (length < PACKET_HEADER + body) return 0;
  uint16_t status = read_u16(from + 6);
  size_t skipped = (size_t)(uint8_t)from[4] + read_u16(from + 2);
  if (pending->op == OP_SET) {
    if (status == 0 && body == 0) *outcome = REPLY_DONE;
  } else if (status == PACKET_NOT_FOUND) {
    *outcome = REPLY_MISS;
  } else if (status == 0 && skipped == GET_REPLY_EXTRAS && body >= skipped) {
    if (is_value(from + PACKET_HEADER + skipped, body - skipped, pending->key)) *outcome = REPLY_HIT;
  }
  return PACKET_HEADER + body;
}

const Protocol memcached_binary_protocol = {"memcached-binary", put_packet, check_packet, 0};
