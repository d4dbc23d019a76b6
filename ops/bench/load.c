// The load generator: one thread, one epoll loop, frames made and replies read without parsing
// JSON, so that it is never what is measured.
//
//   load [OPTION]… SOCKET submit                       commands that are all accepted
//   load [OPTION]… SOCKET query [METHOD PARAMETERS]…   one of the questions at a time, by chance
//   load [OPTION]… SOCKET once METHOD PARAMETERS       one question for each connection, then the end
//   load [OPTION]… SOCKET visible                      a command, then a query that must show it
//
//   -c N  connections (1)             -s S  seconds (3)
//   -d N  calls sent together, the next ones when all are answered (1); of `once` how many are
//         under way on all connections
//   -b N  commands in one Submit (1)
//   -r R  calls a second, on all connections, sent when they are due and not when others are
//         answered: their latency counts from when they were due
//   -u U  the first connection's user is U, the second's U+1, and so on (root may)
//   -n N  so many users, then the first again (as many as connections)
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum workload { SUBMIT, QUERY, ONCE, VISIBLE };

// Calls that one connection has under way at most.
enum { MOST = 16 };

struct options {
  const char *socket;
  // Methods and parameters in turn.
  char *const *questions;
  enum workload workload;
  int question_count, connections, depth, batch, users;
  long first_user;
  double seconds, rate;
};

struct buffer {
  char *bytes;
  size_t length, capacity;
};

struct connection {
  int descriptor, awaited;
  // When the calls under way were sent, or due: a ring that begins with the oldest.
  uint64_t since[MOST];
  unsigned oldest;
  // Things that its commands are about; the step says how far the cycle on the task is.
  char theme[37], task[37];
  unsigned step;
  // Of `visible`: whether the query is under way.
  bool asks;
  struct buffer out, in;
  size_t written;
};

static struct options options = {
    .connections = 1, .depth = 1, .batch = 1, .seconds = 3, .first_user = -1};
static uint64_t calls, replied_bytes, random_state;
static bool measures, ending;
static struct connection *connections;
// Of `once`: the next connection that asks. With a rate: the one that the next call is sent on.
static int next_connection;

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

// The kernel tells the daemon the effective user at the time of connect. The group stays root,
// which the socket is open to.
static void become(long user) {
  if (options.first_user < 0) return;
  if (seteuid((uid_t)user) != 0) die("user %ld: %s", user, strerror(errno));
}

static void open_connection(struct connection *c, int number) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(options.socket) >= sizeof address.sun_path) die("%s is too long", options.socket);
  strcpy(address.sun_path, options.socket);
  c->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  become(options.first_user + number % options.users);
  if (connect(c->descriptor, (struct sockaddr *)&address, sizeof address) != 0)
    die("%s: %s", options.socket, strerror(errno));
  become(0);
}

static void write_out(struct connection *c) {
  while (c->written < c->out.length) {
    ssize_t count = write(c->descriptor, c->out.bytes + c->written, c->out.length - c->written);
    if (count < 0) die("write: %s", strerror(errno));
    c->written += (size_t)count;
  }
  c->out.length = c->written = 0;
}

static void send_call(struct connection *c, uint64_t since) {
  c->since[(c->oldest + (unsigned)c->awaited++) % MOST] = since;
  if (options.workload == QUERY || options.workload == ONCE) {
    char *const *question =
        options.questions + 2 * (next_random() % (unsigned)options.question_count);
    append(&c->out, "{\"method\":\"%s\",\"parameters\":%s}", question[0], question[1]);
    end_frame(&c->out);
  } else {
    append_submit(c, options.batch);
  }
}

static void send_calls(struct connection *c) {
  uint64_t now = nanoseconds(CLOCK_MONOTONIC);
  for (int i = 0; i < options.depth; i++) send_call(c, now);
  write_out(c);
}

// `once`: the next connection asks; false where all have.
static bool send_on_next(void) {
  if (next_connection == options.connections) return false;
  struct connection *c = &connections[next_connection++];
  send_call(c, nanoseconds(CLOCK_MONOTONIC));
  write_out(c);
  return true;
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
  record(&submits, c->since[c->oldest]);
  append(&c->out,
         "{\"method\":\"org.plannerd.views.PillarAverages\",\"parameters\":{\"atLeast\":%ld}}",
         strtol(text + 11, NULL, 10));
  end_frame(&c->out);
  c->asks = true;
  write_out(c);
}

static void take_reply(struct connection *c, const char *reply, size_t length) {
  bool is_query = options.workload == QUERY || options.workload == ONCE || c->asks;
  check(reply, length, is_query, options.batch);
  if (options.workload == VISIBLE && !c->asks) return ask_for(c, reply, length);
  c->asks = false;
  replied_bytes += length;
  calls += measures;
  record(&latencies, c->since[c->oldest]);
  c->oldest = (c->oldest + 1) % MOST;
  c->awaited--;
  if (options.workload == ONCE) send_on_next();
  else if (options.rate == 0 && c->awaited == 0 && !ending) send_calls(c);
}

static void keep(struct buffer *buffer, const char *bytes, size_t count) {
  if (buffer->capacity - buffer->length < count) {
    buffer->capacity = 2 * buffer->capacity + count;
    buffer->bytes = realloc(buffer->bytes, buffer->capacity);
    if (!buffer->bytes) die("out of memory");
  }
  memcpy(buffer->bytes + buffer->length, bytes, count);
  buffer->length += count;
}

static void receive(struct connection *c) {
  // Connections that wait keep nothing, so that there can be thousands.
  static char chunk[1 << 18];
  ssize_t count = read(c->descriptor, chunk, sizeof chunk);
  if (count <= 0) die("the daemon closed the connection");
  char *bytes = chunk, *end;
  size_t length = (size_t)count, start = 0, searched = 0;
  if (c->in.length > 0) {
    searched = c->in.length;
    keep(&c->in, chunk, length);
    bytes = c->in.bytes;
    length = c->in.length;
  }
  while ((end = memchr(bytes + searched, 0, length - searched))) {
    take_reply(c, bytes + start, (size_t)(end - bytes) - start);
    searched = start = (size_t)(end - bytes) + 1;
  }
  if (bytes == chunk) return keep(&c->in, chunk + start, length - start);
  memmove(bytes, bytes + start, length - start);
  c->in.length -= start;
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

static int watch_connections(void) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < options.connections; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
    epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].descriptor, &event);
  }
  return epoll;
}

// Sends the calls that are due by now, in turn on the connections that have room; gives when the
// next one is.
static uint64_t send_due(uint64_t due, uint64_t now) {
  int full = 0;
  while (due <= now && full < options.connections) {
    struct connection *c = &connections[next_connection++ % options.connections];
    if (c->awaited == MOST) {
      full++;
      continue;
    }
    full = 0;
    send_call(c, due);
    write_out(c);
    due += (uint64_t)(1e9 / options.rate);
  }
  return due;
}

static void wait_for_replies(int epoll, uint64_t until) {
  uint64_t now = nanoseconds(CLOCK_MONOTONIC), left = until > now ? until - now : 0;
  struct timespec time = {
      .tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
  struct epoll_event events[64];
  int count = epoll_pwait2(epoll, events, 64, &time, NULL);
  for (int i = 0; i < count; i++) receive(events[i].data.ptr);
}

// Until all that is under way is answered; gives up where that takes a minute.
static void finish(int epoll) {
  ending = true;
  uint64_t limit = nanoseconds(CLOCK_MONOTONIC) + 60 * 1000000000ull;
  for (int i = 0; i < options.connections; i++)
    while (connections[i].awaited > 0) {
      if (nanoseconds(CLOCK_MONOTONIC) > limit) die("calls are not answered");
      wait_for_replies(epoll, limit);
    }
}

static bool is_done(uint64_t now, uint64_t end) {
  if (options.workload != ONCE) return now >= end;
  return calls == (uint64_t)options.connections;
}

static void print_result(double elapsed) {
  bool are_queries = options.workload == QUERY || options.workload == ONCE;
  uint64_t operations = calls * (uint64_t)(are_queries ? 1 : options.batch);
  printf("{\"operations\":%llu,\"seconds\":%.3f,\"perSecond\":%.1f,\"replyBytes\":%llu",
         (unsigned long long)operations, elapsed, (double)operations / elapsed,
         (unsigned long long)(calls ? replied_bytes / calls : 0));
  print_samples("microseconds", &latencies);
  print_samples("submitMicroseconds", &submits);
  printf("}\n");
}

static void run(double seconds, bool counts) {
  int epoll = watch_connections();
  measures = counts;
  ending = false;
  uint64_t start = nanoseconds(CLOCK_MONOTONIC), end = start + (uint64_t)(seconds * 1e9);
  uint64_t now = start, due = start;
  if (options.workload == ONCE)
    for (int i = 0; i < options.depth && send_on_next(); i++) continue;
  else if (options.rate == 0)
    for (int i = 0; i < options.connections; i++) send_calls(&connections[i]);
  while (!is_done(now, end)) {
    uint64_t until = now + 100 * 1000000ull;
    if (options.rate > 0) due = send_due(due, now);
    wait_for_replies(epoll, options.rate > 0 && due < until ? due : until);
    now = nanoseconds(CLOCK_MONOTONIC);
  }
  // With a rate each call that was due counts, also those that are answered late.
  if (options.rate > 0) {
    finish(epoll);
    now = nanoseconds(CLOCK_MONOTONIC);
  }
  measures = false;
  finish(epoll);
  close(epoll);
  if (counts) print_result((double)(now - start) / 1e9);
}

static void read_arguments(int count, char *const *arguments) {
  static const char *const workloads[] = {"submit", "query", "once", "visible"};
  int workload = 0;
  if (count < 2) die("needs a socket and a workload");
  options.socket = arguments[0];
  while (workload < 4 && strcmp(workloads[workload], arguments[1])) workload++;
  if (workload == 4) die("no such workload");
  options.workload = (enum workload)workload;
  options.questions = arguments + 2;
  options.question_count = (count - 2) / 2;
  bool asks = workload == QUERY || workload == ONCE;
  if (count % 2 || asks != (options.question_count > 0)) die("needs methods with parameters");
  if (workload != ONCE && options.depth > MOST) die("at most %d calls are sent together", MOST);
  if (options.users == 0) options.users = options.connections;
}

static void read_options(int count, char **arguments) {
  int option;
  while ((option = getopt(count, arguments, "c:d:b:s:r:u:n:")) != -1) {
    switch (option) {
    case 'c': options.connections = atoi(optarg); break;
    case 'd': options.depth = atoi(optarg); break;
    case 'b': options.batch = atoi(optarg); break;
    case 's': options.seconds = atof(optarg); break;
    case 'r': options.rate = atof(optarg); break;
    case 'u': options.first_user = atol(optarg); break;
    case 'n': options.users = atoi(optarg); break;
    default: die("no such option");
    }
  }
  read_arguments(count - optind, arguments + optind);
}

static void open_connections(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  connections = calloc((size_t)options.connections, sizeof *connections);
  if (!connections) die("out of memory");
  bool commands = options.workload == SUBMIT || options.workload == VISIBLE;
  for (int i = 0; i < options.connections; i++) {
    open_connection(&connections[i], i);
    if (!commands) continue;
    append_opening(&connections[i], i);
    write_out(&connections[i]);
    await_opening(&connections[i]);
  }
}

int main(int count, char **arguments) {
  read_options(count, arguments);
  random_state = nanoseconds(CLOCK_REALTIME) ^ (uint64_t)getpid() << 40;
  open_connections();
  // What is asked once cannot be tried before.
  if (options.workload != ONCE) run(options.seconds / 10, false);
  run(options.seconds, true);
  return 0;
}
