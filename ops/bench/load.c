// The load generator: one thread, one epoll loop, frames made and replies read without parsing
// JSON, so that it is never what is measured.
//
//   load SOCKET submit  [OPTION]…                    commands that are all accepted
//   load SOCKET query   [OPTION]… METHOD PARAMETERS  one question, again and again
//   load SOCKET visible [OPTION]…                    a command, then a query that must show it
//
//   -c N  connections (1)             -s S  seconds (3)
//   -d N  calls sent together, the next ones when all are answered (1)
//   -b N  commands in one Submit (1)
//
// Writes one JSON object: operations (commands or queries), their rate, and the latencies of calls
// in microseconds.
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum workload { SUBMIT, QUERY, VISIBLE };

struct options {
  const char *socket, *method, *parameters;
  enum workload workload;
  int connections, depth, batch;
  double seconds;
};

struct buffer {
  char *bytes;
  size_t length, capacity;
};

struct connection {
  int descriptor, awaited;
  // Things that its commands are about; the step says how far the cycle on the task is.
  char theme[37], task[37];
  unsigned step;
  // Of `visible`: whether the query is under way.
  bool asks;
  uint64_t sent_at;
  struct buffer out, in;
  size_t written;
};

static struct options options = {.connections = 1, .depth = 1, .batch = 1, .seconds = 3};
static uint64_t calls, replied_bytes, random_state;
static bool measures, ending;

// Latencies of calls, in microseconds; of `visible` also those of its commands alone.
static struct samples {
  uint32_t *values;
  size_t count, capacity;
} latencies, submits;

static void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  exit(1);
}

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void append(struct buffer *buffer, const char *format, ...) {
  for (;;) {
    size_t room = buffer->capacity - buffer->length;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer->bytes + buffer->length, room, format, arguments);
    va_end(arguments);
    if ((size_t)length < room) {
      buffer->length += (size_t)length;
      return;
    }
    buffer->capacity = 2 * buffer->capacity + (size_t)length + 1;
    buffer->bytes = realloc(buffer->bytes, buffer->capacity);
    if (!buffer->bytes) die("out of memory");
  }
}

// A frame ends with a NUL byte.
static void end_frame(struct buffer *buffer) {
  append(buffer, " ");
  buffer->bytes[buffer->length - 1] = 0;
}

static void record(struct samples *samples, uint64_t since) {
  if (!measures) return;
  if (samples->count == samples->capacity) {
    samples->capacity = samples->capacity ? 2 * samples->capacity : 1 << 16;
    samples->values = realloc(samples->values, samples->capacity * sizeof *samples->values);
    if (!samples->values) die("out of memory");
  }
  samples->values[samples->count++] = (uint32_t)((nanoseconds(CLOCK_MONOTONIC) - since) / 1000);
}

// MARK: Commands

static uint64_t next_random(void) {
  uint64_t z = random_state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

// A UUID of version 7, as clients make them.
static void make_id(char id[37]) {
  uint64_t ms = nanoseconds(CLOCK_REALTIME) / 1000000, a = next_random(), b = next_random();
  snprintf(id, 37, "%08x-%04x-7%03x-%04x-%012llx", (unsigned)(ms >> 16), (unsigned)(ms & 0xffff),
           (unsigned)(a & 0xfff), (unsigned)(0x8000 | (b >> 48 & 0x3fff)),
           (unsigned long long)(b & 0xffffffffffff));
}

// The next command of a connection: six on a task of its own, and two ratings of its theme.
static void append_command(struct connection *c) {
  static const char *const tasks[8] = {
      [2] = "startTask", [4] = "reopenTask", [7] = "completeTask"};
  struct buffer *out = &c->out;
  // A rating is what the averages show.
  unsigned step = options.workload == VISIBLE ? 1 : c->step % 8;
  c->step++;
  char id[37];
  make_id(id);
  append(out, "{\"commandId\":\"%s\",", id);
  switch (step) {
  case 0:
    make_id(c->task);
    append(out,
           "\"createTask\":{\"taskId\":\"%s\",\"themeId\":\"%s\",\"title\":\"Write to the "
           "landlord about the windows %u\",\"priority\":%u,\"impact\":\"M\",\"effortMinutes\":30,"
           "\"dueDate\":\"2031-05-17\",\"tags\":[\"home\",\"letters\"]}}",
           c->task, c->theme, c->step, 1 + c->step / 8 % 5);
    break;
  case 1:
  case 5:
    append(out, "\"rateTheme\":{\"themeId\":\"%s\",\"ratingPercent\":%u}}", c->theme,
           (unsigned)(next_random() % 101));
    break;
  case 3:
    append(out, "\"changeTask\":{\"taskId\":\"%s\",\"title\":\"Call the landlord %u\"}}", c->task,
           c->step);
    break;
  case 6:
    append(out, "\"changeTask\":{\"taskId\":\"%s\",\"notes\":\"Ask for a date %u\"}}", c->task,
           c->step);
    break;
  default:
    append(out, "\"%s\":{\"taskId\":\"%s\"}}", tasks[step], c->task);
  }
}

static void append_submit(struct connection *c, int commands) {
  append(&c->out, "{\"method\":\"org.plannerd.planner.Submit\",\"parameters\":{\"commands\":[");
  for (int i = 0; i < commands; i++) {
    if (i > 0) append(&c->out, ",");
    append_command(c);
  }
  append(&c->out, "]}}");
  end_frame(&c->out);
}

// A pillar and a theme for a connection's tasks.
static void append_opening(struct connection *c, int number) {
  char pillar[37], first[37], second[37];
  make_id(pillar);
  make_id(first);
  make_id(second);
  make_id(c->theme);
  append(&c->out,
         "{\"method\":\"org.plannerd.planner.Submit\",\"parameters\":{\"commands\":["
         "{\"commandId\":\"%s\",\"createPillar\":{\"pillarId\":\"%s\",\"name\":\"Pillar %d %s\"}},"
         "{\"commandId\":\"%s\",\"createTheme\":{\"themeId\":\"%s\",\"pillarId\":\"%s\","
         "\"name\":\"Theme\"}}]}}",
         first, pillar, number, pillar + 24, second, c->theme, pillar);
  end_frame(&c->out);
}

// MARK: Connections

static void open_connection(struct connection *c) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(options.socket) >= sizeof address.sun_path) die("%s is too long", options.socket);
  strcpy(address.sun_path, options.socket);
  c->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(c->descriptor, (struct sockaddr *)&address, sizeof address) != 0)
    die("%s: %s", options.socket, strerror(errno));
}

static void write_out(struct connection *c) {
  while (c->written < c->out.length) {
    ssize_t count = write(c->descriptor, c->out.bytes + c->written, c->out.length - c->written);
    if (count < 0) die("write: %s", strerror(errno));
    c->written += (size_t)count;
  }
  c->out.length = c->written = 0;
}

static void send_calls(struct connection *c) {
  c->sent_at = nanoseconds(CLOCK_MONOTONIC);
  c->awaited = options.depth;
  for (int i = 0; i < options.depth; i++) {
    if (options.workload == QUERY) {
      append(&c->out, "{\"method\":\"%s\",\"parameters\":%s}", options.method, options.parameters);
      end_frame(&c->out);
    } else {
      append_submit(c, options.batch);
    }
  }
  write_out(c);
}

// How often a text occurs in a reply.
static int occurrences(const char *reply, size_t length, const char *text) {
  int count = 0;
  const char *end = reply + length, *found;
  while ((found = memmem(reply, (size_t)(end - reply), text, strlen(text)))) {
    count++;
    reply = found + strlen(text);
  }
  return count;
}

static void check(const char *reply, size_t length, bool is_query, int commands) {
  bool good = is_query ? occurrences(reply, length < 80 ? length : 80, "\"rows\":") == 1
                       : occurrences(reply, length, "\"applied\"") == commands;
  if (!good) die("an unexpected reply: %.*s", (int)(length < 2000 ? length : 2000), reply);
}

// `visible`: after the outcome the question that waits for it.
static void ask_for(struct connection *c, const char *reply, size_t length) {
  const char *text = memmem(reply, length, "\"position\":", 11);
  if (!text) die("a reply without position");
  record(&submits, c->sent_at);
  append(&c->out,
         "{\"method\":\"org.plannerd.views.PillarAverages\",\"parameters\":{\"atLeast\":%ld}}",
         strtol(text + 11, NULL, 10));
  end_frame(&c->out);
  c->asks = true;
  write_out(c);
}

static void take_reply(struct connection *c, const char *reply, size_t length) {
  bool is_query = options.workload == QUERY || c->asks;
  check(reply, length, is_query, options.batch);
  if (options.workload == VISIBLE && !c->asks) return ask_for(c, reply, length);
  c->asks = false;
  replied_bytes += length;
  calls += measures;
  record(&latencies, c->sent_at);
  if (--c->awaited == 0 && !ending) send_calls(c);
}

static void receive(struct connection *c) {
  struct buffer *in = &c->in;
  if (in->capacity - in->length < 1 << 16) {
    in->capacity = 2 * in->capacity + (1 << 17);
    in->bytes = realloc(in->bytes, in->capacity);
    if (!in->bytes) die("out of memory");
  }
  ssize_t count = read(c->descriptor, in->bytes + in->length, in->capacity - in->length);
  if (count <= 0) die("the daemon closed the connection");
  size_t searched = in->length, start = 0;
  in->length += (size_t)count;
  char *end;
  while ((end = memchr(in->bytes + searched, 0, in->length - searched))) {
    size_t next = (size_t)(end - in->bytes) + 1;
    take_reply(c, in->bytes + start, next - 1 - start);
    searched = start = next;
  }
  memmove(in->bytes, in->bytes + start, in->length - start);
  in->length -= start;
}

// Reads one reply, outside the measurement.
static void await_opening(struct connection *c) {
  char byte;
  do {
    if (read(c->descriptor, &byte, 1) != 1) die("the daemon closed the connection");
    append(&c->in, "%c", byte);
  } while (byte != 0);
  check(c->in.bytes, c->in.length, false, 2);
  c->in.length = 0;
}

// MARK: The run

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void print_samples(const char *name, struct samples *samples) {
  if (samples->count == 0) return;
  qsort(samples->values, samples->count, sizeof *samples->values, ascending);
  static const struct { const char *name; double share; } points[] = {
      {"p50", 0.5}, {"p95", 0.95}, {"p99", 0.99}, {"max", 1}};
  printf(",\"%s\":{", name);
  for (int i = 0; i < 4; i++)
    printf("%s\"%s\":%u", i ? "," : "", points[i].name,
           samples->values[(size_t)(points[i].share * (double)(samples->count - 1))]);
  printf("}");
}

static void run(struct connection *connections, double seconds, bool counts) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < options.connections; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].descriptor, &event);
  }
  measures = counts;
  ending = false;
  uint64_t start = nanoseconds(CLOCK_MONOTONIC), end = start + (uint64_t)(seconds * 1e9), now;
  for (int i = 0; i < options.connections; i++) send_calls(&connections[i]);
  while ((now = nanoseconds(CLOCK_MONOTONIC)) < end) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, 64, 100);
    for (int i = 0; i < count; i++) receive(events[i].data.ptr);
  }
  double elapsed = (double)(now - start) / 1e9;
  measures = false;
  ending = true;
  for (int i = 0; i < options.connections; i++)
    while (connections[i].awaited > 0) receive(&connections[i]);
  close(epoll);
  if (!counts) return;
  uint64_t operations = calls * (uint64_t)(options.workload == QUERY ? 1 : options.batch);
  printf("{\"operations\":%llu,\"seconds\":%.3f,\"perSecond\":%.1f,\"replyBytes\":%llu",
         (unsigned long long)operations, elapsed, (double)operations / elapsed,
         (unsigned long long)(calls ? replied_bytes / calls : 0));
  print_samples("microseconds", &latencies);
  print_samples("submitMicroseconds", &submits);
  printf("}\n");
}

static void read_options(int count, char **arguments) {
  static const char *const workloads[] = {"submit", "query", "visible"};
  int option;
  while ((option = getopt(count, arguments, "c:d:b:s:")) != -1) {
    switch (option) {
    case 'c': options.connections = atoi(optarg); break;
    case 'd': options.depth = atoi(optarg); break;
    case 'b': options.batch = atoi(optarg); break;
    case 's': options.seconds = atof(optarg); break;
    default: die("no such option");
    }
  }
  int rest = count - optind, workload = 0;
  if (rest < 2) die("needs a socket and a workload");
  options.socket = arguments[optind];
  while (workload < 3 && strcmp(workloads[workload], arguments[optind + 1])) workload++;
  if (workload == 3 || rest != (workload == QUERY ? 4 : 2)) die("no such workload");
  options.workload = (enum workload)workload;
  if (workload == QUERY) {
    options.method = arguments[optind + 2];
    options.parameters = arguments[optind + 3];
  }
}

int main(int count, char **arguments) {
  read_options(count, arguments);
  random_state = nanoseconds(CLOCK_REALTIME) ^ (uint64_t)getpid() << 40;
  struct connection *connections = calloc((size_t)options.connections, sizeof *connections);
  if (!connections) die("out of memory");
  for (int i = 0; i < options.connections; i++) {
    open_connection(&connections[i]);
    if (options.workload == QUERY) continue;
    append_opening(&connections[i], i);
    write_out(&connections[i]);
    await_opening(&connections[i]);
  }
  run(connections, options.seconds / 10, false);
  run(connections, options.seconds, true);
  return 0;
}
