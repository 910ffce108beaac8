/*
 * A complete speicher server of the profile core, in C11 and POSIX alone.
 *
 *     cc -std=c11 -O2 -o server server.c && ./server 14567
 *
 * It is here to be read: every clause that such a server has to keep stands at the place that keeps it. One thread
 * serves all connections, so each request is one step (CONSISTENT-1). Items are in memory and go with the process.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* HELLO-1: a frame has at least 64 bytes more than the longest key and value. */
#define MAX_KEY 250
#define MAX_VALUE 1048576
#define MAX_FRAME 1048890
#define TEXT(number) TEXT_OF(number)
#define TEXT_OF(number) #number

enum { CONNECTIONS = 256, BUCKETS = 1 << 16, UNREAD_MAX = 4 << 20, LINGER_SECONDS = 1 };
enum { HELLO = 0x01, PING = 0x02, QUIT = 0x05, GET = 0x10, SET = 0x11, DELETE = 0x16, RESET = 0x23 };
enum { OK = 200, BAD_REQUEST = 400, NOT_FOUND = 404, UNKNOWN_OPCODE = 405, TOO_LARGE = 413 };

/* What each opcode takes (section 4); a value that is taken may always be empty. */
static const struct { bool known, key, value; } TAKES[256] = {
    [HELLO] = {true, false, true}, [PING] = {true, false, true},    [QUIT] = {true, false, false},
    [GET] = {true, true, false},   [SET] = {true, true, true},      [DELETE] = {true, true, false},
    [RESET] = {true, false, false},
};

typedef struct { uint8_t *data; size_t size, room; } Buffer;

static void append(Buffer *buffer, const void *data, size_t size) {
    if (buffer->size + size > buffer->room) {
        buffer->data = realloc(buffer->data, buffer->room = 2 * (buffer->size + size));
        if (buffer->data == NULL) abort();
    }
    if (size > 0) memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}

static void drop(Buffer *buffer, size_t size) {
    buffer->size -= size;
    if (buffer->size > 0) memmove(buffer->data, buffer->data + size, buffer->size);
}

/* Items: a table of chains. Keys are bytes, and every byte counts (KEY-2). ---------------------------------------- */

typedef struct Item { struct Item *next; size_t key_size, value_size; uint8_t bytes[]; } Item;
static Item *items[BUCKETS];

static Item **find(const uint8_t *key, size_t size) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++) hash = (hash ^ key[i]) * 16777619u;
    Item **at = &items[hash % BUCKETS];
    while (*at != NULL && ((*at)->key_size != size || memcmp((*at)->bytes, key, size) != 0)) at = &(*at)->next;
    return at;
}

static void take_out(Item **at) {
    Item *item = *at;
    *at = item->next;
    free(item);
}

/* SET-1: the new item takes the old one's place as a whole. */
static void set(const uint8_t *key, size_t key_size, const uint8_t *value, size_t value_size) {
    Item **at = find(key, key_size);
    if (*at != NULL) take_out(at);
    Item *item = malloc(sizeof(Item) + key_size + value_size);
    if (item == NULL) abort();
    *item = (Item){*at, key_size, value_size};
    memcpy(item->bytes, key, key_size);
    memcpy(item->bytes + key_size, value, value_size);
    *at = item;
}

/* Requests -------------------------------------------------------------------------------------------------------- */

/* FRAME-5: the request's opcode with the high bit set, and its id as it came. */
static void reply(Buffer *out, uint8_t opcode, const uint8_t *id, int status, const void *value, size_t size) {
    uint32_t length = htonl((uint32_t)(8 + size));
    uint8_t head[4] = {opcode | 0x80, 0, (uint8_t)(status >> 8), (uint8_t)status};
    append(out, &length, 4);
    append(out, head, 4);
    append(out, id, 4);
    append(out, value, size);
}

static void hello(Buffer *out, const uint8_t *id) {
    static const char *const ENTRIES[][2] = {
        {"protocol", "1"},          {"server", "example-c 1.0"},    {"profiles", "core"},
        {"max-key", TEXT(MAX_KEY)}, {"max-value", TEXT(MAX_VALUE)}, {"max-frame", TEXT(MAX_FRAME)},
    };
    Buffer entries = {0};
    for (size_t i = 0; i < sizeof ENTRIES / sizeof *ENTRIES; i++) {
        const char *key = ENTRIES[i][0], *value = ENTRIES[i][1]; /* HELLO-1 */
        uint8_t lengths[6] = {[1] = (uint8_t)strlen(key), [5] = (uint8_t)strlen(value)}; /* ENTRY-1 */
        append(&entries, lengths, sizeof lengths);
        append(&entries, key, strlen(key));
        append(&entries, value, strlen(value));
    }
    reply(out, HELLO, id, OK, entries.data, entries.size);
    free(entries.data);
}

/* Answers one frame of at least 8 bytes. Returns whether the connection ends with it (QUIT-1). */
static bool answer(Buffer *out, const uint8_t *frame, size_t size) {
    uint8_t opcode = frame[0], flags = frame[1];
    size_t key_size = (size_t)frame[2] << 8 | frame[3];
    const uint8_t *id = frame + 4, *key = frame + 8;
    if (!TAKES[opcode].known) return reply(out, opcode, id, UNKNOWN_OPCODE, NULL, 0), false; /* FRAME-8 */
    bool fits = flags == 0 && 8 + key_size <= size; /* FRAME-7; no opcode of core takes a flag (PROFILE-1) */
    size_t value_size = fits ? size - 8 - key_size : 0;
    const uint8_t *value = key + key_size;
    if (!fits || (key_size > 0) != TAKES[opcode].key || (value_size > 0 && !TAKES[opcode].value))
        return reply(out, opcode, id, BAD_REQUEST, NULL, 0), false; /* FRAME-9, KEY-1 */
    if (key_size > MAX_KEY || value_size > MAX_VALUE)
        return reply(out, opcode, id, TOO_LARGE, NULL, 0), false; /* KEY-3 */
    if (opcode == HELLO) return hello(out, id), false;
    if (opcode == PING) return reply(out, opcode, id, OK, value, value_size), false;
    if (opcode == SET) set(key, key_size, value, value_size);
    if (opcode == GET || opcode == DELETE) {
        Item **at = find(key, key_size), *item = *at;
        if (item == NULL) return reply(out, opcode, id, NOT_FOUND, NULL, 0), false;
        if (opcode == GET) return reply(out, opcode, id, OK, item->bytes + item->key_size, item->value_size), false;
        take_out(at);
    }
    for (size_t i = 0; opcode == RESET && i < BUCKETS; i++)
        while (items[i] != NULL) take_out(&items[i]);
    reply(out, opcode, id, OK, NULL, 0);
    return opcode == QUIT;
}

/* Connections ----------------------------------------------------------------------------------------------------- */

typedef struct {
    Buffer in, out;
    bool at_end;  /* The client will send nothing more. */
    bool ended;   /* Nothing more is read as a request: QUIT, or a framing error. */
    time_t shut;  /* When our end was closed; what still comes is thrown away. */
} Connection;

static struct pollfd polls[1 + CONNECTIONS]; /* The listener is the first. */
static Connection connections[1 + CONNECTIONS];
static int count = 1;

/* Answers every complete frame that has come, however it was cut (TRANSPORT-2), in order (TRANSPORT-3). */
static void answer_all(Connection *connection) {
    static const uint8_t NO_ID[4];
    static const char NO_JSON[] = "\0\0\0\x13{\"status_code\":405}"; /* PROFILE-1 */
    Buffer *in = &connection->in, *out = &connection->out;
    size_t done = 0;
    while (!connection->ended && in->size - done >= 4 && out->size < UNREAD_MAX) {
        const uint8_t *at = in->data + done, *frame = at + 4;
        uint32_t length = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
        int error = length == 0 || length > 0x7fffffff ? BAD_REQUEST : length > MAX_FRAME ? TOO_LARGE : OK;
        if (error == OK && in->size - done - 4 < length) break;
        bool is_json = error == OK && frame[0] == '{';
        if (error == OK && length < 8 && !is_json) error = BAD_REQUEST;
        if (is_json) append(out, NO_JSON, sizeof NO_JSON - 1);
        else if (error != OK) reply(out, 0, NO_ID, error, NULL, 0); /* FRAME-3, FRAME-4 */
        else connection->ended = answer(out, frame, length);
        connection->ended |= error != OK;
        done += 4 + (size_t)length;
    }
    drop(in, connection->ended ? in->size : done);
}

/* Reads, answers and writes what can be. Returns whether the connection is over. */
static bool go_on(int fd, short events, Connection *connection) {
    static uint8_t chunk[1 << 16];
    if (events & (POLLERR | POLLNVAL)) return true;
    if (events & (POLLIN | POLLHUP) && !connection->at_end) {
        ssize_t size = recv(fd, chunk, sizeof chunk, 0);
        if (size < 0) return errno != EAGAIN && errno != EINTR;
        if (!connection->ended) append(&connection->in, chunk, (size_t)size);
        connection->at_end = size == 0;
    }
    answer_all(connection);
    while (connection->out.size > 0) {
        ssize_t size = send(fd, connection->out.data, connection->out.size, MSG_NOSIGNAL);
        if (size < 0) return errno != EAGAIN && errno != EINTR;
        drop(&connection->out, (size_t)size);
        answer_all(connection); /* Those that had to wait for room. */
    }
    if (connection->at_end) return true; /* TRANSPORT-4: what was complete is answered. */
    if (connection->ended && connection->shut == 0) {
        /* To close with unread input would send an RST, which may destroy the last reply on its way. */
        shutdown(fd, SHUT_WR);
        connection->shut = time(NULL);
    }
    return connection->shut != 0 && time(NULL) - connection->shut > LINGER_SECONDS;
}

static short wanted(const Connection *connection) {
    bool reads = !connection->at_end && connection->out.size < UNREAD_MAX; /* TRANSPORT-3: who does not read waits. */
    return (short)((reads ? POLLIN : 0) | (connection->out.size > 0 ? POLLOUT : 0));
}

static void accept_one(int listener) {
    int fd = accept(listener, NULL, NULL), on = 1;
    if (fd < 0) return;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    polls[count].fd = fd;
    connections[count++] = (Connection){0};
}

static void end(int index) {
    close(polls[index].fd);
    free(connections[index].in.data);
    free(connections[index].out.data);
    polls[index] = polls[--count];
    connections[index] = connections[count];
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_port = htons((uint16_t)atoi(argc > 1 ? argv[1] : "14567"));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 128) < 0) return perror("listen"), 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("listening on tcp://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    polls[0].fd = listener;
    for (;;) {
        polls[0].events = count <= CONNECTIONS ? POLLIN : 0; /* Beyond that they wait to be accepted. */
        for (int i = 1; i < count; i++) polls[i].events = wanted(&connections[i]);
        poll(polls, (nfds_t)count, 1000 * LINGER_SECONDS);
        /* From behind, because the last takes the place of one that ends. */
        for (int i = count - 1; i > 0; i--)
            if (go_on(polls[i].fd, polls[i].revents, &connections[i])) end(i);
        if (polls[0].revents & POLLIN) accept_one(listener);
    }
}
