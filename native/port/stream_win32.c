/* port.h on Windows: the plug-in's side of the channel, on overlapped named pipes.
 *
 * The system reads into the stream's own memory and never into a caller's, so a read that is late is left to itself
 * until the stream is closed, where it is cancelled and awaited. A write that is late is cancelled and awaited at
 * once, because its bytes are the caller's. */
#include "port/win32_internal.h"

#include <stdatomic.h>
#include <string.h>

/* A whole answer at once, so that its header costs no read of its own. */
#define STREAM_IN_BYTES 2048u

struct port_stream {
  HANDLE pipe;
  HANDLE cancelled; /* an event that stays signalled */
  atomic_bool is_cancelled;
  OVERLAPPED write;
  OVERLAPPED read;
  bool reading;
  uint32_t start; /* in[start..end) has come in and was not asked for yet */
  uint32_t end;
  uint8_t in[STREAM_IN_BYTES];
};

/* ---- opening and closing ---------------------------------------------------------------------- */

static port_status open_error(DWORD error) {
  if (error == ERROR_FILE_NOT_FOUND) return PORT_REFUSED;
  /* Alive, but it does not get round to us. */
  return error == ERROR_PIPE_BUSY ? PORT_TIMEOUT : PORT_FAILED;
}

static void close_handle(HANDLE handle) {
  if (handle != NULL) CloseHandle(handle);
}

static void stream_free(port_stream *stream) {
  CloseHandle(stream->pipe);
  close_handle(stream->cancelled);
  close_handle(stream->write.hEvent);
  close_handle(stream->read.hEvent);
  port_free(stream);
}

static port_stream *stream_make(HANDLE pipe) {
  port_stream *made = port_alloc(sizeof *made);
  if (made == NULL) return NULL;
  made->pipe = pipe;
  made->cancelled = CreateEventW(NULL, TRUE, FALSE, NULL);
  made->write.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  made->read.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
  if (made->cancelled != NULL && made->write.hEvent != NULL && made->read.hEvent != NULL) return made;
  made->pipe = NULL; /* it stays the caller's */
  close_handle(made->cancelled);
  close_handle(made->write.hEvent);
  close_handle(made->read.hEvent);
  port_free(made);
  return NULL;
}

port_status port_stream_open(const char *endpoint, uint32_t index, const char *owner_account, port_stream **stream) {
  WCHAR name[WIN32_PIPE_NAME_UNITS_MAX];
  if (!win32_pipe_name(endpoint, index, name)) return PORT_FAILED;
  /* At identification level the other side can see who we are, and act in nobody's name. */
  DWORD flags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
  HANDLE pipe = CreateFileW(name, WIN32_CLIENT_ACCESS, 0, NULL, OPEN_EXISTING, flags, NULL);
  if (pipe == INVALID_HANDLE_VALUE) return open_error(GetLastError());
  char account[PORT_ACCOUNT_BYTES_MAX];
  win32_owner_account(pipe, account);
  if (strcmp(account, owner_account) != 0) {
    CloseHandle(pipe);
    return PORT_FOREIGN;
  }
  *stream = stream_make(pipe);
  if (*stream != NULL) return PORT_OK;
  CloseHandle(pipe);
  return PORT_NO_MEMORY;
}

/* The system is done with an operation's memory when this returns. */
static void await_cancelled(HANDLE pipe, OVERLAPPED *operation) {
  DWORD count;
  CancelIoEx(pipe, operation);
  GetOverlappedResult(pipe, operation, &count, TRUE);
}

void port_stream_close(port_stream *stream) {
  if (stream->reading) await_cancelled(stream->pipe, &stream->read);
  stream_free(stream);
}

void port_stream_cancel(port_stream *stream) {
  atomic_store(&stream->is_cancelled, true);
  SetEvent(stream->cancelled);
}

static port_status stream_error(port_stream *stream) {
  return atomic_load(&stream->is_cancelled) ? PORT_CANCELLED : PORT_CLOSED;
}

/* Until an operation has ended, the stream is cancelled, or the deadline has passed. */
static port_status stream_wait(port_stream *stream, const OVERLAPPED *operation, uint64_t deadline_ns) {
  const HANDLE events[] = {stream->cancelled, operation->hEvent};
  switch (WaitForMultipleObjects(2, events, FALSE, win32_wait_ms(deadline_ns))) {
    case WAIT_OBJECT_0: return PORT_CANCELLED;
    case WAIT_OBJECT_0 + 1: return PORT_OK;
    case WAIT_TIMEOUT: return PORT_TIMEOUT;
    default: return PORT_FAILED;
  }
}

/* ---- writing ---------------------------------------------------------------------------------- */

/* One piece; the system may take less than all of it. */
static port_status write_some(port_stream *stream, const uint8_t *bytes, size_t size, uint64_t deadline_ns,
                              DWORD *count) {
  if (!WriteFile(stream->pipe, bytes, (DWORD)size, NULL, &stream->write) && GetLastError() != ERROR_IO_PENDING) {
    return stream_error(stream);
  }
  if (GetOverlappedResult(stream->pipe, &stream->write, count, FALSE)) return PORT_OK;
  port_status status = PORT_OK;
  if (GetLastError() == ERROR_IO_INCOMPLETE) status = stream_wait(stream, &stream->write, deadline_ns);
  if (status != PORT_OK) {
    await_cancelled(stream->pipe, &stream->write);
    return status;
  }
  return GetOverlappedResult(stream->pipe, &stream->write, count, FALSE) ? PORT_OK : stream_error(stream);
}

port_status port_stream_write(port_stream *stream, const void *bytes, size_t size, uint64_t deadline_ns) {
  const uint8_t *next = bytes;
  while (size > 0) {
    if (atomic_load(&stream->is_cancelled)) return PORT_CANCELLED;
    DWORD count = 0;
    port_status status = write_some(stream, next, size, deadline_ns, &count);
    if (status != PORT_OK) return status;
    next += count;
    size -= count;
  }
  return PORT_OK;
}

/* ---- reading ---------------------------------------------------------------------------------- */

/* Looks whether something has come in, and has a read under way if not. PORT_TIMEOUT: nothing yet. */
static port_status read_more(port_stream *stream) {
  if (stream->start < stream->end) return PORT_OK;
  if (!stream->reading) {
    stream->start = stream->end = 0;
    stream->reading = ReadFile(stream->pipe, stream->in, STREAM_IN_BYTES, NULL, &stream->read) ||
                      GetLastError() == ERROR_IO_PENDING;
    if (!stream->reading) return stream_error(stream);
  }
  DWORD count;
  if (GetOverlappedResult(stream->pipe, &stream->read, &count, FALSE)) {
    stream->reading = false;
    stream->end = count;
    /* An empty write of the other side's ends a read, and says nothing. */
    return count > 0 ? PORT_OK : PORT_TIMEOUT;
  }
  if (GetLastError() == ERROR_IO_INCOMPLETE) return PORT_TIMEOUT;
  stream->reading = false;
  return stream_error(stream);
}

static size_t take(port_stream *stream, void *bytes, size_t size) {
  size_t count = stream->end - stream->start;
  if (count > size) count = size;
  memcpy(bytes, stream->in + stream->start, count);
  stream->start += (uint32_t)count;
  return count;
}

port_status port_stream_read(port_stream *stream, void *bytes, size_t size, uint64_t deadline_ns) {
  uint8_t *next = bytes;
  while (size > 0) {
    if (atomic_load(&stream->is_cancelled)) return PORT_CANCELLED;
    port_status status = read_more(stream);
    if (status == PORT_TIMEOUT) status = stream_wait(stream, &stream->read, deadline_ns);
    if (status != PORT_OK) return status;
    size_t count = take(stream, next, size);
    next += count;
    size -= count;
  }
  return PORT_OK;
}

port_status port_stream_receive(port_stream *stream, void *bytes, size_t size, size_t *count) {
  port_status status = read_more(stream);
  *count = status == PORT_OK ? take(stream, bytes, size) : 0;
  return status;
}

bool port_stream_is_quiet(port_stream *stream) {
  DWORD available;
  if (stream->start < stream->end) return false;
  if (stream->reading && HasOverlappedIoCompleted(&stream->read)) return false;
  return PeekNamedPipe(stream->pipe, NULL, 0, NULL, &available, NULL) && available == 0;
}

/* ---- waiting for several ---------------------------------------------------------------------- */

struct port_waker {
  HANDLE event; /* ends one wait, be it a later one */
};

port_waker *port_waker_open(void) {
  port_waker *waker = port_alloc(sizeof *waker);
  if (waker == NULL) return NULL;
  waker->event = CreateEventW(NULL, FALSE, FALSE, NULL);
  if (waker->event != NULL) return waker;
  port_free(waker);
  return NULL;
}

void port_waker_signal(port_waker *waker) { SetEvent(waker->event); }

void port_waker_close(port_waker *waker) {
  CloseHandle(waker->event);
  port_free(waker);
}

_Static_assert(PORT_STREAMS_WAIT_MAX + 1 == MAXIMUM_WAIT_OBJECTS, "one wait takes the streams and the waker");

void port_streams_wait(port_stream *const *streams, size_t count, port_waker *waker, uint64_t deadline_ns) {
  HANDLE events[MAXIMUM_WAIT_OBJECTS] = {waker->event};
  for (size_t i = 0; i < count; i++) {
    if (read_more(streams[i]) != PORT_TIMEOUT) return;
    events[i + 1] = streams[i]->read.hEvent;
  }
  WaitForMultipleObjects((DWORD)count + 1, events, FALSE, win32_wait_ms(deadline_ns));
}
