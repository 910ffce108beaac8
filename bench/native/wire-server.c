/*
 * The wire limit: what any server of the protocol pays for its sockets. One thread, epoll, one read and one write for
 * whatever has arrived; frames are parsed and answered, and nothing is kept: GET always finds the value of key 0.
 *
 *     wire-server PORT VALUE_BYTES
 *
 * It listens on 127.0.0.1 and serves until it is killed. Only for benchmarks: it trusts its clients, and waits for one
 * that does not read.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "values.h"

enum { HEADER = 12, GET = 0x10, PING = 0x02, EVENTS = 512, IN_BYTES = 1 << 20, FRAME_MAX = IN_BYTES - 4 };

/* A client, and what has come of a frame whose rest has not. */
typedef struct {
  int socket;
  char *held;
  size_t held_bytes;
} Peer;

static char in[IN_BYTES];
static char *out;
static size_t out_bytes, out_capacity;

_Noreturn static void give_up(const char *what) {
  fprintf(stderr, "wire-server: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void put_reply(const char *frame, const char *value, size_t bytes) {
  if (out_capacity - out_bytes < HEADER + bytes) {
    out_capacity = 2 * (out_bytes + HEADER + bytes);
    out = realloc(out, out_capacity);
    if (out == NULL) give_up("memory");
  }
  char *to = out + out_bytes;
  uint32_t length = htonl((uint32_t)(HEADER - 4 + bytes));
  memcpy(to, &length, 4);
  to[4] = (char)(frame[4] | 0x80);
  to[5] = 0;
  to[6] = 0;
  to[7] = (char)200;
  memcpy(to + 8, frame + 8, 4);
  memcpy(to + HEADER, value, bytes);
  out_bytes += HEADER + bytes;
}

/* Answers the whole frames in `in`; returns how many bytes those are. */
static size_t answer(size_t in_bytes) {
  size_t at = 0;
  while (in_bytes - at >= HEADER) {
    const char *frame = in + at;
    uint32_t length;
    memcpy(&length, frame, 4);
    size_t frame_bytes = 4 + (size_t)ntohl(length);
    if (frame_bytes < HEADER || frame_bytes > FRAME_MAX) {
      fprintf(stderr, "wire-server: a frame of %zu bytes\n", frame_bytes);
      exit(1);
    }
    if (in_bytes - at < frame_bytes) break;
    if (frame[4] == GET) put_reply(frame, value_of(0), value_bytes());
    else if (frame[4] == PING) put_reply(frame, frame + HEADER, frame_bytes - HEADER);
    else put_reply(frame, NULL, 0);
    at += frame_bytes;
  }
  return at;
}

/* Returns 0 if the client has gone. */
static int send_replies(int socket) {
  for (size_t at = 0; at < out_bytes;) {
    ssize_t sent = send(socket, out + at, out_bytes - at, MSG_NOSIGNAL);
    if (sent >= 0) {
      at += (size_t)sent;
    } else if (errno == EAGAIN) {
      struct pollfd room = {.fd = socket, .events = POLLOUT};
      poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return 0;
    }
  }
  out_bytes = 0;
  return 1;
}

static void hold(Peer *peer, const char *bytes, size_t length) {
  if (length > 0 && peer->held == NULL) peer->held = malloc(IN_BYTES);
  if (length > 0 && peer->held == NULL) give_up("memory");
  if (length > 0) memcpy(peer->held, bytes, length);
  peer->held_bytes = length;
}

static void forget(Peer *peer) {
  close(peer->socket);
  free(peer->held);
  free(peer);
  out_bytes = 0;
}

static void serve(Peer *peer) {
  if (peer->held_bytes > 0) memcpy(in, peer->held, peer->held_bytes);
  ssize_t received = recv(peer->socket, in + peer->held_bytes, IN_BYTES - peer->held_bytes, 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (received <= 0) {
    forget(peer);
    return;
  }
  size_t in_bytes = peer->held_bytes + (size_t)received;
  size_t answered = answer(in_bytes);
  hold(peer, in + answered, in_bytes - answered);
  if (!send_replies(peer->socket)) forget(peer);
}

static int listen_on(uint16_t port) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1024) != 0) {
    give_up("cannot listen");
  }
  return listener;
}

static void accept_peer(int listener, int epoll) {
  int socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
  if (socket < 0) return;
  int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Peer *peer = calloc(1, sizeof *peer);
  if (peer == NULL) give_up("memory");
  peer->socket = socket;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
  epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
}

/* A whole number from the command line, or -1. */
static long whole(const char *text, long max) {
  char *end;
  long value = strtol(text, &end, 10);
  return *text == '\0' || *end != '\0' || value < 0 || value > max ? -1 : value;
}

int main(int argc, char **argv) {
  long port = argc == 3 ? whole(argv[1], 65535) : -1;
  long bytes = argc == 3 ? whole(argv[2], IN_BYTES / 2) : -1;
  if (port < 1 || bytes < 0) {
    fputs("usage: wire-server PORT VALUE_BYTES, at most half a MiB\n", stderr);
    return 2;
  }
  values_init((size_t)bytes, 1);
  int listener = listen_on((uint16_t)port);
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int count = epoll_wait(epoll, events, EVENTS, -1);
    if (count < 0 && errno != EINTR) give_up("epoll_wait");
    for (int at = 0; at < count; at++) {
      if (events[at].data.ptr == NULL) accept_peer(listener, epoll);
      else serve(events[at].data.ptr);
    }
  }
}
