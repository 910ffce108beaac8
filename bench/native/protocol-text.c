/* The two protocols of lines: memcached's text protocol, and RESP, which Redis speaks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"
#include "values.h"

static char *put_text(char *to, const char *text) {
  size_t length = strlen(text);
  memcpy(to, text, length);
  return to + length;
}

static char *put_key_behind(char *to, uint64_t key) {
  put_key(to, key);
  return to + KEY_BYTES;
}

/* The value and the end of the line behind it. */
static char *put_value_line(char *to, uint64_t key) {
  memcpy(to, value_of(key), value_bytes());
  return put_text(to + value_bytes(), "\r\n");
}

/*
 * Compares `from` with a text that must stand there. Returns 1 if it does, 0 if what is there so far could still become
 * it, -1 if it cannot.
 */
static int stands(const char *from, size_t length, const char *text, size_t text_bytes) {
  size_t there = length < text_bytes ? length : text_bytes;
  if (memcmp(from, text, there) != 0) return -1;
  return there == text_bytes ? 1 : 0;
}

static size_t check_literal(const char *from, size_t length, const char *text, Outcome right, Outcome *outcome) {
  size_t text_bytes = strlen(text);
  int state = stands(from, length, text, text_bytes);
  *outcome = state == 1 ? right : REPLY_WRONG;
  return state == 0 ? 0 : state == 1 ? text_bytes : length;
}

/* A head that announces the value, the value, and a tail; all three are known beforehand. */
static size_t check_value(const char *from, size_t length, const char *head, size_t head_bytes, const char *tail,
                          uint64_t key, Outcome *outcome) {
  size_t tail_bytes = strlen(tail);
  size_t whole = head_bytes + value_bytes() + tail_bytes;
  *outcome = REPLY_WRONG;
  if (stands(from, length, head, head_bytes) < 0) return length;
  if (length < whole) return 0;
  const char *value = from + head_bytes;
  int fits = memcmp(value, value_of(key), value_bytes()) == 0 && memcmp(value + value_bytes(), tail, tail_bytes) == 0;
  *outcome = fits ? REPLY_HIT : REPLY_WRONG;
  return whole;
}

/* `get KEY`, `set KEY flags exptime bytes` and a value; `VALUE KEY flags bytes`, a value and `END`; `STORED`. */
static size_t put_line(char *to, const Pending *pending) {
  char *end = put_text(to, pending->op == OP_SET ? "set " : "get ");
  end = put_key_behind(end, pending->key);
  if (pending->op == OP_SET) {
    end += sprintf(end, " 0 0 %zu\r\n", value_bytes());
    end = put_value_line(end, pending->key);
  } else {
    end = put_text(end, "\r\n");
  }
  return (size_t)(end - to);
}

static size_t check_line(const char *from, size_t length, const Pending *pending, Outcome *outcome) {
  if (length == 0) return 0;
  if (pending->op == OP_SET) return check_literal(from, length, "STORED\r\n", REPLY_DONE, outcome);
  if (from[0] == 'E') return check_literal(from, length, "END\r\n", REPLY_MISS, outcome);
  char head[64];
  char *end = put_key_behind(put_text(head, "VALUE "), pending->key);
  end += sprintf(end, " 0 %zu\r\n", value_bytes());
  return check_value(from, length, head, (size_t)(end - head), "\r\nEND\r\n", pending->key, outcome);
}

const Protocol memcached_text_protocol = {"memcached-text", put_line, check_line, 0};

/* Arrays of bulk strings; a bulk string or `$-1`; `+OK`. */
static size_t put_array(char *to, const Pending *pending) {
  char *end = put_text(to, pending->op == OP_SET ? "*3\r\n$3\r\nSET\r\n$14\r\n" : "*2\r\n$3\r\nGET\r\n$14\r\n");
  end = put_text(put_key_behind(end, pending->key), "\r\n");
  if (pending->op == OP_SET) {
    end += sprintf(end, "$%zu\r\n", value_bytes());
    end = put_value_line(end, pending->key);
  }
  return (size_t)(end - to);
}

_Static_assert(KEY_BYTES == 14, "requests of RESP say how long a key is");

static size_t check_bulk(const char *from, size_t length, const Pending *pending, Outcome *outcome) {
  if (pending->op == OP_SET) return check_literal(from, length, "+OK\r\n", REPLY_DONE, outcome);
  if (length < 2) return 0;
  if (from[1] == '-') return check_literal(from, length, "$-1\r\n", REPLY_MISS, outcome);
  char head[32];
  int head_bytes = sprintf(head, "$%zu\r\n", value_bytes());
  return check_value(from, length, head, (size_t)head_bytes, "\r\n", pending->key, outcome);
}

const Protocol resp_protocol = {"resp", put_array, check_bulk, 0};
