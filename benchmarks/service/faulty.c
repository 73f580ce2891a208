/* Calls on files of one folder that fail: preloaded into a process, which says when.

   Between `faulty_arm` and `faulty_disarm` every call on a file below the folder is counted, and the
   one of the given number fails: with an error, as a write of half of the bytes, or by the end of
   the process as after a kill. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ERROR_ONCE = 0, ERROR_FROM = 1, HALF_A_WRITE = 2, KILL = 3 };

static atomic_long counted;
static long at = 0;
static int how = ERROR_ONCE, number = EIO;
static char folder[4096] = "";

void faulty_arm(const char *where, long n, int mode, int error) {
  strncpy(folder, where, sizeof folder - 1);
  counted = 0;
  how = mode;
  number = error;
  at = n;
}

long faulty_disarm(void) {
  at = 0;
  return counted;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int ours(const char *path) { return path && !strncmp(path, folder, strlen(folder)); }

static int ours_fd(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t n = readlink(link, path, sizeof path - 1);
  if (n <= 0) return 0;
  path[n] = 0;
  return ours(path);
}

/* Whether this call fails. */
static int fails(int concerned) {
  if (!at || !concerned) return 0;
  long n = ++counted;
  if (how == ERROR_FROM ? n < at : n != at) return 0;
  if (how == KILL) kill(getpid(), SIGKILL);
  errno = number;
  return 1;
}

#define GUARDED(concerned)                         \
  if (at && fails(concerned) && how != HALF_A_WRITE) return -1;

static int opened(int dir, const char *path, int flags, mode_t mode) {
  GUARDED(ours(path))
  return REAL(openat)(dir, path, flags, mode);
}

#define OPEN(name, first, dir)                     \
  int name(first const char *path, int flags, ...) { \
    va_list more;                                  \
    va_start(more, flags);                         \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0; \
    va_end(more);                                  \
    return opened(dir, path, flags, mode);         \
  }
#define NO_DIR
#define DIR_FIRST int dir,
OPEN(open, NO_DIR, AT_FDCWD)
OPEN(open64, NO_DIR, AT_FDCWD)
OPEN(openat, DIR_FIRST, dir)
OPEN(openat64, DIR_FIRST, dir)

ssize_t write(int fd, const void *from, size_t n) {
  if (at && fails(ours_fd(fd))) {
    if (how != HALF_A_WRITE) return -1;
    n = n / 2 ? n / 2 : n;
  }
  return REAL(write)(fd, from, n);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t to) {
  if (at && fails(ours_fd(fd))) {
    if (how != HALF_A_WRITE) return -1;
    n = n / 2 ? n / 2 : n;
  }
  return REAL(pwrite)(fd, from, n, to);
}

ssize_t pwrite64(int fd, const void *from, size_t n, off64_t to) { return pwrite(fd, from, n, to); }

ssize_t pread(int fd, void *to, size_t n, off_t from) {
  GUARDED(ours_fd(fd))
  return REAL(pread)(fd, to, n, from);
}

ssize_t pread64(int fd, void *to, size_t n, off64_t from) { return pread(fd, to, n, from); }

int fsync(int fd) {
  GUARDED(ours_fd(fd))
  return REAL(fsync)(fd);
}

int fdatasync(int fd) {
  GUARDED(ours_fd(fd))
  return REAL(fdatasync)(fd);
}

int ftruncate(int fd, off_t n) {
  GUARDED(ours_fd(fd))
  return REAL(ftruncate)(fd, n);
}

int ftruncate64(int fd, off64_t n) { return ftruncate(fd, n); }

int rename(const char *from, const char *to) {
  GUARDED(ours(to))
  return REAL(rename)(from, to);
}

int unlink(const char *path) {
  GUARDED(ours(path))
  return REAL(unlink)(path);
}

int mkdir(const char *path, mode_t mode) {
  GUARDED(ours(path))
  return REAL(mkdir)(path, mode);
}
