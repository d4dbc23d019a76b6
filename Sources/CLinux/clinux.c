#define _GNU_SOURCE
#include "CLinux.h"
#include <malloc.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int clinux_peer_credentials(int fd, struct clinux_peer *out) {
  struct ucred credentials;
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return -1;
  out->pid = credentials.pid;
  out->uid = credentials.uid;
  out->gid = credentials.gid;
  return 0;
}

static int unix_address(const char *path, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address->sun_path, path);
  return 0;
}

static int fail_closing(int fd) {
  int saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

int clinux_unix_connect(const char *path, int nonblocking) {
  struct sockaddr_un address;
  if (unix_address(path, &address) != 0) return -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0);
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return fail_closing(fd);
  return fd;
}

int clinux_unix_listen(const char *path, int backlog) {
  struct sockaddr_un address;
  if (unix_address(path, &address) != 0) return -1;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return fail_closing(fd);
  if (listen(fd, backlog) != 0) return fail_closing(fd);
  return fd;
}

int clinux_accept(int fd) { return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

int clinux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

static void child(const struct clinux_spawn_options *o, pid_t parent, int report) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  if (o->new_session) setsid();
  if (o->switch_user) {
    // The name is looked up by the parent's libc state, which fork copied; a user without a name keeps no groups.
    if (setgroups(0, NULL) != 0 || setgid(o->gid) != 0 || setuid(o->uid) != 0) goto failed;
  }
  // After setuid: a change of credentials clears the parent-death signal.
  if (o->parent_death_signal) {
    if (prctl(PR_SET_PDEATHSIG, o->parent_death_signal) != 0) goto failed;
    if (getppid() != parent) _exit(127);  // the parent died before the signal was armed
  }
  if (o->directory && chdir(o->directory) != 0) goto failed;
  int fds[3] = {o->stdin_fd, o->stdout_fd, o->stderr_fd};
  for (int i = 0; i < 3; i++) {
    int fd = fds[i] >= 0 ? fds[i] : open("/dev/null", O_RDWR);
    if (fd == i) {
      int flags = fcntl(fd, F_GETFD);
      fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
    } else if (dup2(fd, i) < 0) {
      goto failed;
    }
  }
  execve(o->path, o->argv, o->envp);
failed:;
  int code = errno;
  ssize_t ignored = write(report, &code, sizeof code);
  (void)ignored;
  _exit(127);
}

pid_t clinux_spawn(const struct clinux_spawn_options *options) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) return -1;
  pid_t parent = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    close(report[0]);
    child(options, parent, report[1]);
  }
  close(report[1]);
  if (pid < 0) return fail_closing(report[0]);
  int code = 0;
  ssize_t size;
  do size = read(report[0], &code, sizeof code);
  while (size < 0 && errno == EINTR);
  close(report[0]);
  if (size == sizeof code) {
    waitpid(pid, NULL, 0);
    errno = code;
    return -1;
  }
  return pid;
}

static void fill(sigset_t *set, const int *signals, int count) {
  sigemptyset(set);
  for (int i = 0; i < count; i++) sigaddset(set, signals[i]);
}

int clinux_block_signals(const int *signals, int count) {
  sigset_t set;
  fill(&set, signals, count);
  return pthread_sigmask(SIG_BLOCK, &set, NULL);
}

int clinux_signalfd(const int *signals, int count) {
  sigset_t set;
  fill(&set, signals, count);
  return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

int clinux_wait(pid_t pid, int no_hang, int *status) {
  int raw = 0;
  pid_t got;
  do got = waitpid(pid, &raw, no_hang ? WNOHANG : 0);
  while (got < 0 && errno == EINTR);
  if (got == pid) *status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return (int)got;
}

int clinux_set_file_user(uid_t uid, gid_t gid) {
  int dumpable = prctl(PR_GET_DUMPABLE);
  // Neither reports an error, but what was set before. To set the group takes root's rights, which come back and go
  // with the user.
  if (uid == 0) setfsuid(uid);
  setfsgid(gid);
  if (uid != 0) setfsuid(uid);
  // The kernel ends core dumps with each change of credentials; the process is root's all the same.
  if (dumpable == 1) prctl(PR_SET_DUMPABLE, 1);
  if ((uid_t)setfsuid((uid_t)-1) == uid && (gid_t)setfsgid((gid_t)-1) == gid) return 0;
  errno = EPERM;
  return -1;
}

int clinux_terminal_width(int fd) {
  struct winsize size;
  if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col ? size.ws_col : 80;
}

int clinux_terminal_height(int fd) {
  struct winsize size;
  if (!isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_row ? size.ws_row : 24;
}

void clinux_give_back_memory(void) { malloc_trim(0); }
