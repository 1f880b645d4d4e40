/* port.h on Linux, second half: streams and the hub, on Unix sockets and epoll.
 *
 * A stream is a non-blocking socket with poll in front of every wait, so that a deadline always holds.
 * Cancelling shuts the socket down, which wakes whoever polls it. Accounts are peer credentials: for a
 * connected socket, those of the process that called listen. */
#include "port/port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000ull
#define NS_PER_MS 1000000ull

/* ---- endpoints -------------------------------------------------------------------------------- */

static bool endpoint_address(const char *endpoint, uint32_t index, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  int length = snprintf(address->sun_path, sizeof address->sun_path, "%s/evaluator-%u.sock", endpoint, index);
  return length > 0 && (size_t)length < sizeof address->sun_path;
}

static void peer_account(int socket_fd, char account[PORT_ACCOUNT_BYTES_MAX]) {
  struct ucred credentials;
  socklen_t size = sizeof credentials;
  account[0] = '\0';
  if (getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    snprintf(account, PORT_ACCOUNT_BYTES_MAX, "uid:%u", (unsigned)credentials.uid);
  }
}

static port_status connect_socket(const struct sockaddr_un *address, int *socket_fd) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return PORT_FAILED;
  int failed;
  do failed = connect(fd, (const struct sockaddr *)address, sizeof *address);
  while (failed && errno == EINTR);
  if (failed) {
    /* EAGAIN is a full backlog: alive, but it does not get round to us. */
    port_status status = errno == ECONNREFUSED || errno == ENOENT ? PORT_REFUSED : PORT_FAILED;
    if (errno == EAGAIN) status = PORT_TIMEOUT;
    close(fd);
    return status;
  }
  *socket_fd = fd;
  return PORT_OK;
}

/* ---- streams: the plug-in's side -------------------------------------------------------------- */

struct port_stream {
  int fd;
  atomic_bool cancelled;
};

port_status port_stream_open(const char *endpoint, uint32_t index, const char *owner_account,
                             port_stream **stream) {
  struct sockaddr_un address;
  if (!endpoint_address(endpoint, index, &address)) return PORT_FAILED;
  int fd;
  port_status status = connect_socket(&address, &fd);
  if (status != PORT_OK) return status;
  char account[PORT_ACCOUNT_BYTES_MAX];
  peer_account(fd, account);
  port_stream *made = NULL;
  if (strcmp(account, owner_account) != 0) {
    status = PORT_FOREIGN;
  } else if ((made = port_alloc(sizeof *made)) == NULL) {
    status = PORT_NO_MEMORY;
  }
  if (status != PORT_OK) {
    close(fd);
    return status;
  }
  made->fd = fd;
  *stream = made;
  return PORT_OK;
}

static port_status stream_wait(port_stream *stream, short events, uint64_t deadline_ns) {
  for (;;) {
    if (atomic_load(&stream->cancelled)) return PORT_CANCELLED;
    uint64_t now = port_now_ns();
    if (now >= deadline_ns) return PORT_TIMEOUT;
    uint64_t left = deadline_ns - now;
    struct timespec timeout = {.tv_sec = (time_t)(left / NS_PER_SECOND), .tv_nsec = (long)(left % NS_PER_SECOND)};
    struct pollfd waiting = {.fd = stream->fd, .events = events};
    int ready = ppoll(&waiting, 1, &timeout, NULL);
    if (ready > 0) return atomic_load(&stream->cancelled) ? PORT_CANCELLED : PORT_OK;
    if (ready < 0 && errno != EINTR) return PORT_FAILED;
  }
}

static port_status stream_error(port_stream *stream) {
  return atomic_load(&stream->cancelled) ? PORT_CANCELLED : PORT_CLOSED;
}

port_status port_stream_write(port_stream *stream, const void *bytes, size_t size, uint64_t deadline_ns) {
  const uint8_t *next = bytes;
  while (size > 0) {
    ssize_t sent = send(stream->fd, next, size, MSG_NOSIGNAL);
    if (sent > 0) {
      next += sent;
      size -= (size_t)sent;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      port_status status = stream_wait(stream, POLLOUT, deadline_ns);
      if (status != PORT_OK) return status;
    } else if (errno != EINTR) {
      return stream_error(stream);
    }
  }
  return PORT_OK;
}

port_status port_stream_read(port_stream *stream, void *bytes, size_t size, uint64_t deadline_ns) {
  uint8_t *next = bytes;
  while (size > 0) {
    /* Waits first: the answer takes longer than a poll, and an early read would only be refused. */
    port_status status = stream_wait(stream, POLLIN, deadline_ns);
    if (status != PORT_OK) return status;
    ssize_t got = recv(stream->fd, next, size, 0);
    if (got > 0) {
      next += got;
      size -= (size_t)got;
    } else if (got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
      return stream_error(stream);
    }
  }
  return PORT_OK;
}

port_status port_stream_receive(port_stream *stream, void *bytes, size_t size, size_t *count) {
  ssize_t got;
  do got = recv(stream->fd, bytes, size, MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  *count = got > 0 ? (size_t)got : 0;
  if (got > 0) return PORT_OK;
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? PORT_TIMEOUT : stream_error(stream);
}

bool port_stream_is_quiet(port_stream *stream) {
  uint8_t byte;
  return recv(stream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void port_stream_cancel(port_stream *stream) {
  atomic_store(&stream->cancelled, true);
  shutdown(stream->fd, SHUT_RDWR);
}

void port_stream_close(port_stream *stream) {
  close(stream->fd);
  port_free(stream);
}

struct port_waker {
  int fd; /* an eventfd: a signal stays until somebody waits */
};

port_waker *port_waker_open(void) {
  port_waker *waker = port_alloc(sizeof *waker);
  if (waker == NULL) return NULL;
  waker->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (waker->fd >= 0) return waker;
  port_free(waker);
  return NULL;
}

void port_waker_signal(port_waker *waker) {
  uint64_t one = 1;
  ssize_t written = write(waker->fd, &one, sizeof one); /* fails only when 2^64 signals already wait */
  (void)written;
}

void port_waker_close(port_waker *waker) {
  close(waker->fd);
  port_free(waker);
}

void port_streams_wait(port_stream *const *streams, size_t count, port_waker *waker, uint64_t deadline_ns) {
  struct pollfd waiting[PORT_STREAMS_WAIT_MAX + 1];
  for (size_t i = 0; i < count; i++) waiting[i] = (struct pollfd){.fd = streams[i]->fd, .events = POLLIN};
  waiting[count] = (struct pollfd){.fd = waker->fd, .events = POLLIN};
  uint64_t now = port_now_ns();
  uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
  struct timespec timeout = {.tv_sec = (time_t)(left / NS_PER_SECOND), .tv_nsec = (long)(left % NS_PER_SECOND)};
  ppoll(waiting, count + 1, deadline_ns == PORT_NEVER ? NULL : &timeout, NULL);
  uint64_t signals;
  ssize_t got = read(waker->fd, &signals, sizeof signals);
  (void)got;
}

/* ---- hub: the host's side --------------------------------------------------------------------- */

/* Events fetched by one epoll_wait. A busy evaluator has 8 connections for each plug-in process. */
#define HUB_EVENTS_MAX 64

struct port_link {
  int fd;
  void *owner;
};

struct port_hub {
  int epoll_fd;
  int listen_fd; /* -1 while not listening */
  bool deaf;     /* no room for another connection: the listener is not waited for */
  struct sockaddr_un address;
  struct stat socket_file; /* ours, as it was made; another evaluator may have made one in its place */
  int ready;     /* events fetched and not yet handed out: events[next..ready) */
  int next;
  struct epoll_event events[HUB_EVENTS_MAX];
};

port_hub *port_hub_open(void) {
  port_hub *hub = port_alloc(sizeof *hub);
  if (hub == NULL) return NULL;
  hub->listen_fd = -1;
  hub->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (hub->epoll_fd >= 0) return hub;
  port_free(hub);
  return NULL;
}

void port_hub_close(port_hub *hub) {
  port_hub_unlisten(hub);
  close(hub->epoll_fd);
  port_free(hub);
}

void port_own_account(char account[PORT_ACCOUNT_BYTES_MAX]) {
  snprintf(account, PORT_ACCOUNT_BYTES_MAX, "uid:%u", (unsigned)geteuid());
}

static mode_t socket_mode(const char *accounts) { return accounts[0] != '\0' ? 0666 : 0600; }

port_status port_hub_listen(port_hub *hub, const char *endpoint, uint32_t index, const char *accounts) {
  struct sockaddr_un address;
  if (!endpoint_address(endpoint, index, &address)) return PORT_FAILED;
  if (hub->listen_fd >= 0) return PORT_FAILED;
  int probe;
  port_status status = connect_socket(&address, &probe);
  if (status == PORT_OK) close(probe);
  if (status != PORT_REFUSED) return PORT_IN_USE;
  struct stat left_over;
  if (lstat(address.sun_path, &left_over) == 0) {
    if (!S_ISSOCK(left_over.st_mode) || unlink(address.sun_path) != 0) return PORT_FAILED;
  }
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return PORT_FAILED;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  /* Restricted before anybody can connect: bind, chmod, and only then listen. */
  if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
      chmod(address.sun_path, socket_mode(accounts)) != 0 || listen(fd, PORT_LISTEN_BACKLOG) != 0 ||
      lstat(address.sun_path, &hub->socket_file) != 0 ||
      epoll_ctl(hub->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
    close(fd);
    return PORT_FAILED;
  }
  hub->listen_fd = fd;
  hub->address = address;
  return PORT_OK;
}

port_status port_hub_admit(port_hub *hub, const char *accounts) {
  if (hub->listen_fd < 0) return PORT_FAILED;
  return chmod(hub->address.sun_path, socket_mode(accounts)) == 0 ? PORT_OK : PORT_FAILED;
}

void port_hub_unlisten(port_hub *hub) {
  if (hub->listen_fd < 0) return;
  struct stat now;
  if (lstat(hub->address.sun_path, &now) == 0 && now.st_ino == hub->socket_file.st_ino) unlink(hub->address.sun_path);
  close(hub->listen_fd);
  hub->listen_fd = -1;
}

/* Level-triggered waiting would report a connection that cannot be accepted for ever. */
static void set_deaf(port_hub *hub, bool deaf) {
  if (hub->listen_fd < 0 || hub->deaf == deaf) return;
  struct epoll_event event = {.events = deaf ? 0 : EPOLLIN, .data.ptr = NULL};
  if (epoll_ctl(hub->epoll_fd, EPOLL_CTL_MOD, hub->listen_fd, &event) == 0) hub->deaf = deaf;
}

port_hub_event port_hub_next(port_hub *hub, uint64_t deadline_ns, void **owner) {
  for (;;) {
    while (hub->next < hub->ready) {
      struct epoll_event *event = &hub->events[hub->next++];
      if (event->events == 0) continue; /* its link was closed meanwhile */
      if (event->data.ptr == NULL && hub->listen_fd < 0) continue;
      if (event->data.ptr == NULL) return PORT_HUB_CONNECT;
      *owner = ((port_link *)event->data.ptr)->owner;
      return event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR) ? PORT_HUB_CLOSED : PORT_HUB_READABLE;
    }
    uint64_t now = port_now_ns();
    uint64_t left_ms = deadline_ns <= now ? 0 : (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
    int timeout_ms = deadline_ns == PORT_NEVER ? -1 : left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
    int ready = epoll_wait(hub->epoll_fd, hub->events, HUB_EVENTS_MAX, timeout_ms);
    hub->next = 0;
    hub->ready = ready > 0 ? ready : 0;
    if (ready == 0 || (ready < 0 && errno != EINTR)) {
      set_deaf(hub, false);
      return PORT_HUB_TIMEOUT;
    }
  }
}

static port_status link_make(port_hub *hub, int fd, void *owner, port_link **link) {
  port_link *made = port_alloc(sizeof *made);
  if (made == NULL) return PORT_NO_MEMORY;
  *made = (port_link){fd, owner};
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = made};
  if (epoll_ctl(hub->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
    port_free(made);
    return PORT_FAILED;
  }
  *link = made;
  return PORT_OK;
}

port_status port_hub_accept(port_hub *hub, void *owner, port_link **link) {
  int fd = accept4(hub->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0 && errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS) return PORT_REFUSED;
  if (fd < 0) {
    set_deaf(hub, true);
    return PORT_NO_MEMORY;
  }
  port_status status = link_make(hub, fd, owner, link);
  if (status != PORT_OK) close(fd);
  return status;
}

port_status port_hub_adopt(port_hub *hub, intptr_t handle, void *owner, port_link **link) {
  int fd = (int)handle;
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return PORT_FAILED;
  return link_make(hub, fd, owner, link);
}

void port_link_account(const port_link *link, char account[PORT_ACCOUNT_BYTES_MAX]) {
  peer_account(link->fd, account);
}

port_status port_link_receive(port_link *link, void *bytes, size_t size, size_t *count) {
  ssize_t got;
  do got = recv(link->fd, bytes, size, 0);
  while (got < 0 && errno == EINTR);
  *count = got > 0 ? (size_t)got : 0;
  if (got > 0) return PORT_OK;
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? PORT_TIMEOUT : PORT_CLOSED;
}

port_status port_link_send(port_link *link, const void *bytes, size_t size, size_t *sent) {
  *sent = 0;
  while (*sent < size) {
    ssize_t went = send(link->fd, (const uint8_t *)bytes + *sent, size - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (went > 0) *sent += (size_t)went;
    else if (errno == EAGAIN || errno == EWOULDBLOCK) return PORT_TIMEOUT;
    else if (errno != EINTR) return PORT_CLOSED;
  }
  return PORT_OK;
}

void port_link_close(port_hub *hub, port_link *link) {
  for (int i = hub->next; i < hub->ready; i++) {
    if (hub->events[i].data.ptr == link) hub->events[i].events = 0;
  }
  close(link->fd);
  port_free(link);
  set_deaf(hub, false);
}
