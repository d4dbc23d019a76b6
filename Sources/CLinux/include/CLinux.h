// System calls and macros that Swift's Glibc module lacks or cannot import.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/types.h>

/// Who is at the other end of a Unix socket, as the kernel says (SO_PEERCRED).
struct clinux_peer { pid_t pid; uid_t uid; gid_t gid; };
int clinux_peer_credentials(int fd, struct clinux_peer *out);

/// Opens an AF_UNIX stream socket; -1 with errno (ENAMETOOLONG over 107 bytes).
int clinux_unix_connect(const char *path, int nonblocking);
int clinux_unix_listen(const char *path, int backlog);
/// accept4 with SOCK_NONBLOCK | SOCK_CLOEXEC.
int clinux_accept(int fd);

int clinux_pidfd_open(pid_t pid);

/// How a child is to be started. Descriptors below 0 mean /dev/null.
struct clinux_spawn_options {
  const char *path;
  char *const *argv;
  char *const *envp;
  const char *directory;     // or NULL
  int stdin_fd, stdout_fd, stderr_fd;
  int parent_death_signal;   // 0: none
  int new_session;           // setsid() in the child
  int switch_user;           // take on uid and gid below, and that user's groups
  uid_t uid;
  gid_t gid;
};

/// Forks and executes from the calling thread (a parent-death signal is tied to that thread).
/// Returns the child's pid, or -1 with errno: also when exec failed in the child.
pid_t clinux_spawn(const struct clinux_spawn_options *options);

/// Blocks the signals in the calling thread, to be read from a signalfd instead.
int clinux_block_signals(const int *signals, int count);
int clinux_signalfd(const int *signals, int count);

/// The exit status of a reaped child: its code, or 128 + the signal.
int clinux_wait(pid_t pid, int no_hang, int *status);

/// Whose rights the calling thread's file operations have from now on, root's process only: 0, or -1 with errno.
int clinux_set_file_user(uid_t uid, gid_t gid);

/// From now on each job of the Swift runtime that is of no particular executor is offered to `take`, which keeps it or
/// says false: then it goes to the pool of threads.
void clinux_offer_global_jobs(bool (*take)(void *job));

/// `stdout` and `stderr` as descriptors are known; the width of the terminal, 0 when none.
int clinux_terminal_width(int fd);

/// The lines of the terminal behind a descriptor, 0 when none.
int clinux_terminal_height(int fd);

/// Gives memory that is free but lies between what is in use back to the system.
void clinux_give_back_memory(void);
