/* A connection to the server under load: what waits for its reply, and the bytes in both directions. */
#ifndef BENCH_CONNECTION_H
#define BENCH_CONNECTION_H

#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

typedef struct {
  char *bytes;
  size_t start, end, capacity;
} Buffer;

typedef struct {
  int socket;
  int waits_for_room;
  Buffer in, out;
  /* A ring of requests: `oldest` and `next` only grow, and are taken modulo the ring's size. */
  Pending *ring;
  uint32_t oldest, next;
} Connection;

enum { PENDING_MAX = 16384 };

/* Called for each reply. */
typedef void (*OnReply)(const Pending *pending, Outcome outcome, int64_t now_ns, void *context);

int64_t monotonic_ns(void);

/* Says why and ends the program with 1: a figure that came about in spite of an error is worth nothing. */
_Noreturn void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Connects to 127.0.0.1 and adds the socket to an epoll set, with `connection` as its data. */
void connection_open(Connection *connection, int port, int epoll);

uint32_t connection_pending(const Connection *connection);

/* Puts a request behind those that wait to be sent. There must be room in the ring. */
void connection_put(Connection *connection, const Protocol *protocol, uint64_t key, Op op, int64_t sent_ns);

/* Sends what waits, as far as the kernel takes it; asks the epoll set to tell when it takes more. */
void connection_flush(Connection *connection, int epoll);

/* Reads what has arrived and checks every whole reply. */
void connection_receive(Connection *connection, const Protocol *protocol, OnReply on_reply, void *context);

#endif
