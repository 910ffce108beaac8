#define _GNU_SOURCE
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "values.h"

enum { READ_BYTES = 256 * 1024, SHOWN_BYTES = 48 };

int64_t monotonic_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000ll + time.tv_nsec;
}

void give_up(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("loadgen: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

/* Makes room for `bytes` more behind the end, moving what is there to the front first. */
static void reserve(Buffer *buffer, size_t bytes) {
  if (buffer->start == buffer->end) buffer->start = buffer->end = 0;
  if (buffer->capacity - buffer->end >= bytes) return;
  size_t held = buffer->end - buffer->start;
  if (buffer->start > 0) memmove(buffer->bytes, buffer->bytes + buffer->start, held);
  buffer->start = 0;
  buffer->end = held;
  if (buffer->capacity - held >= bytes) return;
  buffer->capacity = 2 * (held + bytes);
  buffer->bytes = realloc(buffer->bytes, buffer->capacity);
  if (buffer->bytes == NULL) give_up("no memory");
}

void connection_open(Connection *connection, int port, int epoll) {
  memset(connection, 0, sizeof *connection);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connection->socket = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(connection->socket, (struct sockaddr *)&address, sizeof address) != 0) {
    give_up("cannot connect to port %d: %s", port, strerror(errno));
  }
  int on = 1;
  setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(connection->socket, F_SETFL, O_NONBLOCK);
  connection->ring = malloc(PENDING_MAX * sizeof *connection->ring);
  if (connection->ring == NULL) give_up("no memory");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  epoll_ctl(epoll, EPOLL_CTL_ADD, connection->socket, &event);
}

uint32_t connection_pending(const Connection *connection) { return connection->next - connection->oldest; }

void connection_put(Connection *connection, const Protocol *protocol, uint64_t key, Op op, int64_t sent_ns) {
  Pending *pending = &connection->ring[connection->next % PENDING_MAX];
  *pending = (Pending){.key = key, .sent_ns = sent_ns, .id = connection->next, .op = op};
  connection->next++;
  reserve(&connection->out, REQUEST_OVERHEAD_BYTES + value_bytes());
  connection->out.end += protocol->put(connection->out.bytes + connection->out.end, pending);
}

static void watch(Connection *connection, int epoll, int waits_for_room) {
  if (connection->waits_for_room == waits_for_room) return;
  connection->waits_for_room = waits_for_room;
  struct epoll_event event = {.events = EPOLLIN | (waits_for_room ? EPOLLOUT : 0), .data.ptr = connection};
  epoll_ctl(epoll, EPOLL_CTL_MOD, connection->socket, &event);
}

void connection_flush(Connection *connection, int epoll) {
  Buffer *out = &connection->out;
  while (out->start < out->end) {
    ssize_t sent = send(connection->socket, out->bytes + out->start, out->end - out->start, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) give_up("cannot send: %s", strerror(errno));
    if (sent < 0) break;
    out->start += (size_t)sent;
  }
  watch(connection, epoll, out->start < out->end);
}

_Noreturn static void report_wrong(const Pending *pending, const char *bytes, size_t length) {
  static const char *const names[] = {[OP_GET] = "get", [OP_SET] = "set", [OP_PING] = "ping"};
  char hex[2 * SHOWN_BYTES + 1] = "";
  for (size_t at = 0; at < length && at < SHOWN_BYTES; at++) sprintf(hex + 2 * at, "%02x", (uint8_t)bytes[at]);
  give_up("a wrong reply to %s of key %llu, id %u; it begins with %s", names[pending->op],
          (unsigned long long)pending->key, pending->id, hex);
}

void connection_receive(Connection *connection, const Protocol *protocol, OnReply on_reply, void *context) {
  Buffer *in = &connection->in;
  reserve(in, READ_BYTES);
  ssize_t received = recv(connection->socket, in->bytes + in->end, in->capacity - in->end, 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (received < 0) give_up("cannot receive: %s", strerror(errno));
  if (received == 0) give_up("the server has closed a connection");
  in->end += (size_t)received;
  int64_t now_ns = monotonic_ns();
  while (in->start < in->end) {
    if (connection_pending(connection) == 0) give_up("bytes arrived that nothing had asked for");
    const Pending *pending = &connection->ring[connection->oldest % PENDING_MAX];
    Outcome outcome;
    size_t length = protocol->check(in->bytes + in->start, in->end - in->start, pending, &outcome);
    if (length == 0) break;
    if (outcome == REPLY_WRONG) report_wrong(pending, in->bytes + in->start, length);
    in->start += length;
    connection->oldest++;
    on_reply(pending, outcome, now_ns, context);
  }
}
