// Appends to UmaDB by many clients at once: gRPC as far as one unary call needs it, one thread, one
// epoll loop. Its own client in Python takes more of two cores than the server does.
//
//   umadb_load PORT CLIENTS BATCH SECONDS
//
// Each client has a connection, and appends again when the append before is answered. All events
// have the same data, and the tag of their client. Writes one JSON object.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum frame { DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE };
enum flag { ACK = 1, END_STREAM = 1, END_HEADERS = 4 };
// What a server must take in one frame.
enum { LARGEST = 16384 };

static const char event_data[] =
    "{\"taskId\": \"019deeca-2b40-7996-a5ef-91f571bef763\", \"before\": {\"title\": \"Write to the "
    "landlord about the windows\"}, \"after\": {\"title\": \"Call the landlord\"}, \"personId\": "
    "\"6b1d3c5e-0d57-5b0e-8a55-2d9d1f6b7c11\"}";

struct buffer {
  uint8_t *bytes;
  size_t length, capacity;
};

struct connection {
  int descriptor;
  uint32_t stream;
  // Bytes of data that the server still takes.
  int64_t window;
  bool waits_for_window, has_answer;
  struct buffer message, in;
};

static uint64_t appends;
static bool ending;

static void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("umadb_load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  exit(1);
}

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void add(struct buffer *buffer, const void *bytes, size_t count) {
  if (buffer->capacity - buffer->length < count) {
    buffer->capacity = 2 * buffer->capacity + count;
    buffer->bytes = realloc(buffer->bytes, buffer->capacity);
    if (!buffer->bytes) die("out of memory");
  }
  memcpy(buffer->bytes + buffer->length, bytes, count);
  buffer->length += count;
}

// MARK: The message

// A field of protobuf whose content has a length.
static void add_field(struct buffer *buffer, unsigned number, const void *bytes, size_t count) {
  uint8_t head[8], *end = head;
  *end++ = (uint8_t)(number << 3 | 2);
  for (size_t rest = count;; rest >>= 7) {
    *end++ = (uint8_t)((rest & 127) | (rest > 127 ? 128 : 0));
    if (rest <= 127) break;
  }
  add(buffer, head, (size_t)(end - head));
  add(buffer, bytes, count);
}

// AppendRequest: events (1), each with type (1), tags (2) and data (3).
static void make_message(struct connection *c, int client, int batch) {
  struct buffer event = {0};
  char tag[32];
  snprintf(tag, sizeof tag, "planner:%d-%d", getpid(), client);
  add_field(&event, 1, "TaskChanged", 11);
  add_field(&event, 2, tag, strlen(tag));
  add_field(&event, 3, event_data, sizeof event_data - 1);
  // Before it: not compressed, and its length.
  add(&c->message, "\0\0\0\0\0", 5);
  for (int i = 0; i < batch; i++) add_field(&c->message, 1, event.bytes, event.length);
  uint32_t length = htonl((uint32_t)c->message.length - 5);
  memcpy(c->message.bytes + 1, &length, 4);
  free(event.bytes);
}

// MARK: Frames

static void add_frame(struct buffer *out, enum frame type, uint8_t flags, uint32_t stream,
                      const void *bytes, size_t count) {
  uint8_t head[9] = {
      (uint8_t)(count >> 16), (uint8_t)(count >> 8), (uint8_t)count, (uint8_t)type, flags,
      (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream};
  add(out, head, sizeof head);
  add(out, bytes, count);
}

static void send_all(struct connection *c, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(c->descriptor, bytes, count);
    if (written < 0) die("write: %s", strerror(errno));
    bytes += written;
    count -= (size_t)written;
  }
}

// POST, http, the path, content-type and te, as HPACK literals that are not indexed.
static const char header_block[] =
    "\x83\x86\x04\x14/umadb.v1.DCB/Append\x01\x09localhost"
    "\x0f\x10\x10" "application/grpc\x00\x02te\x08trailers";

static void append_events(struct connection *c) {
  static struct buffer out;
  c->waits_for_window = c->window < (int64_t)c->message.length;
  if (c->waits_for_window) return;
  c->window -= (int64_t)c->message.length;
  c->stream += 2;
  c->has_answer = false;
  out.length = 0;
  add_frame(&out, HEADERS, END_HEADERS, c->stream, header_block, sizeof header_block - 1);
  for (size_t sent = 0; sent < c->message.length; sent += LARGEST) {
    size_t left = c->message.length - sent, count = left < LARGEST ? left : LARGEST;
    add_frame(&out, DATA, count == left ? END_STREAM : 0, c->stream, c->message.bytes + sent, count);
  }
  send_all(c, out.bytes, out.length);
}

static void acknowledge(struct connection *c, enum frame type, const uint8_t *bytes, size_t count) {
  struct buffer out = {0};
  add_frame(&out, type, ACK, 0, bytes, count);
  send_all(c, out.bytes, out.length);
  free(out.bytes);
}

static void take_frame(struct connection *c, enum frame type, uint8_t flags, uint32_t stream,
                       const uint8_t *bytes, size_t count) {
  switch (type) {
  case SETTINGS:
  case PING:
    if (!(flags & ACK)) acknowledge(c, type, bytes, type == PING ? count : 0);
    break;
  case WINDOW_UPDATE: {
    uint32_t more;
    memcpy(&more, bytes, 4);
    if (stream == 0) c->window += ntohl(more) & 0x7fffffff;
    if (c->waits_for_window) append_events(c);
    break;
  }
  // The position of the last event; without one it is an error.
  case DATA: c->has_answer = count > 5; break;
  case HEADERS:
    if (!(flags & END_STREAM)) break;
    if (!c->has_answer) die("an append is refused");
    appends++;
    if (!ending) append_events(c);
    break;
  default: die("a frame of type %d", type);
  }
}

static void receive(struct connection *c) {
  uint8_t chunk[1 << 16];
  ssize_t count = read(c->descriptor, chunk, sizeof chunk);
  if (count <= 0) die("the server closed the connection");
  add(&c->in, chunk, (size_t)count);
  size_t start = 0;
  while (c->in.length - start >= 9) {
    const uint8_t *head = c->in.bytes + start;
    size_t length = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
    if (c->in.length - start < 9 + length) break;
    uint32_t stream;
    memcpy(&stream, head + 5, 4);
    take_frame(c, head[3], head[4], ntohl(stream), head + 9, length);
    start += 9 + length;
  }
  memmove(c->in.bytes, c->in.bytes + start, c->in.length - start);
  c->in.length -= start;
}

// MARK: The run

static void open_connection(struct connection *c, int port, int client, int batch) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  c->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(c->descriptor, (struct sockaddr *)&address, sizeof address) != 0)
    die("connect: %s", strerror(errno));
  setsockopt(c->descriptor, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  struct buffer out = {0};
  add(&out, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24);
  add_frame(&out, SETTINGS, 0, 0, "", 0);
  // Room for all answers there will be.
  add_frame(&out, WINDOW_UPDATE, 0, 0, "\x7f\xff\x00\x00", 4);
  send_all(c, out.bytes, out.length);
  free(out.bytes);
  c->window = 65535;
  c->stream = (uint32_t)-1;
  make_message(c, client, batch);
  append_events(c);
}

int main(int count, char **arguments) {
  if (count != 5) die("needs a port, clients, a batch and seconds");
  int clients = atoi(arguments[2]), batch = atoi(arguments[3]), epoll = epoll_create1(EPOLL_CLOEXEC);
  struct connection *connections = calloc((size_t)clients, sizeof *connections);
  double start = seconds(), end = start + atof(arguments[4]), now;
  for (int i = 0; i < clients; i++) {
    open_connection(&connections[i], atoi(arguments[1]), i, batch);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].descriptor, &event);
  }
  while ((now = seconds()) < end) {
    struct epoll_event events[64];
    int ready = epoll_wait(epoll, events, 64, 100);
    for (int i = 0; i < ready; i++) receive(events[i].data.ptr);
  }
  uint64_t operations = appends * (uint64_t)batch;
  printf("{\"operations\":%llu,\"perSecond\":%.1f}\n", (unsigned long long)operations,
         (double)operations / (now - start));
  return 0;
}
