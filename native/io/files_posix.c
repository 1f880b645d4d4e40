/* Locks on Linux: of the open file, so that the system gives them back with the process. */
#include "io/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

int pcio_file_lock(const char *path, int64_t *lock) {
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return errno;
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    int error = errno;
    close(file);
    return error == EWOULDBLOCK ? PCIO_LOCKED : error;
  }
  *lock = file;
  return 0;
}

void pcio_file_unlock(int64_t lock) { close((int)lock); }
