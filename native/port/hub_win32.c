/* port.h on Windows: the host's side of the channel, on one completion port.
 *
 * Every instance of the pipe that waits for a client, and every link, has exactly one operation under way whose packet
 * the port delivers. What an operation uses is freed only when its packet has come back, also after closing. Writes
 * have no packets: they are looked at by the next send.
 *
 *   slot   EMPTY -> LISTENING -> CONNECTED -> (its pipe becomes a link's) EMPTY, and listens anew
 *                   LISTENING -> CLOSING -> EMPTY once the packet is back */
#include "port/win32_internal.h"

#include <string.h>

/* Clients that may connect before one of them is accepted: all the handshakes that one plug-in has under way. */
#define SLOTS 32u

/* What a pipe holds of what nobody has read yet. In: a hello is written without waiting, and most questions; out: a
 * welcome and an answer, so that sending them never waits for an honest plug-in. */
#define PIPE_IN_BYTES 8192u
#define PIPE_OUT_BYTES 4096u

/* Most questions come with one read; 4,096 links take 16 MiB. */
#define LINK_IN_BYTES 4096u

/* What one write copies; a longer queue goes in pieces. */
#define LINK_OUT_BYTES_MAX 65536u

/* What was cancelled comes back at once. Memory that the system might still use is rather lost than freed. */
#define CLOSE_MS_MAX 1000u

/* An event's low bit keeps a write's packet from the port. */
#define NO_PACKET 1u

/* First member of whatever has it under way: the packet names its address. */
typedef struct operation {
  OVERLAPPED overlapped;
  bool is_link;
} operation;

struct port_link {
  operation read;
  port_hub *hub;
  HANDLE pipe;
  void *owner;
  bool reading; /* a packet will come */
  bool closed;  /* and then it is freed */
  bool broken;
  uint32_t start; /* in[start..end) has come in and was not received yet */
  uint32_t end;
  uint8_t in[LINK_IN_BYTES];
  OVERLAPPED write;
  bool writing;
  uint8_t *out;
  uint32_t out_room;
};

typedef enum slot_state { SLOT_EMPTY, SLOT_LISTENING, SLOT_CONNECTED, SLOT_CLOSING } slot_state;

typedef struct slot {
  operation connect;
  slot_state state;
  HANDLE pipe;
} slot;

struct port_hub {
  HANDLE port;
  bool listening;
  WCHAR name[WIN32_PIPE_NAME_UNITS_MAX];
  PSECURITY_DESCRIPTOR security;
  slot slots[SLOTS];
  uint32_t under_way; /* packets that will come */
};

/* ---- listening -------------------------------------------------------------------------------- */

static HANDLE pipe_make(port_hub *hub, DWORD flags) {
  SECURITY_ATTRIBUTES attributes = {.nLength = sizeof attributes, .lpSecurityDescriptor = hub->security};
  HANDLE pipe = CreateNamedPipeW(hub->name, PIPE_ACCESS_DUPLEX | WRITE_DAC | FILE_FLAG_OVERLAPPED | flags,
                                 PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                                 PIPE_UNLIMITED_INSTANCES, PIPE_OUT_BYTES, PIPE_IN_BYTES, 0, &attributes);
  if (pipe == INVALID_HANDLE_VALUE) return NULL;
  if (CreateIoCompletionPort(pipe, hub->port, 0, 0) != NULL) return pipe;
  CloseHandle(pipe);
  return NULL;
}

/* Lets a slot wait for a client. False if it cannot, and then it is empty. */
static bool slot_listen(port_hub *hub, slot *slot, DWORD flags) {
  memset(&slot->connect.overlapped, 0, sizeof slot->connect.overlapped);
  slot->pipe = pipe_make(hub, flags);
  if (slot->pipe == NULL) return false;
  bool waits = ConnectNamedPipe(slot->pipe, &slot->connect.overlapped) || GetLastError() == ERROR_IO_PENDING;
  /* A client that was faster than we, or has been and gone: there will be no packet but our own, and a read tells. */
  if (!waits && (GetLastError() == ERROR_PIPE_CONNECTED || GetLastError() == ERROR_NO_DATA)) {
    waits = PostQueuedCompletionStatus(hub->port, 0, 0, &slot->connect.overlapped);
  }
  if (!waits) {
    CloseHandle(slot->pipe);
    return false;
  }
  slot->state = SLOT_LISTENING;
  hub->under_way++;
  return true;
}

/* The first instance of the name: nobody else's can be under it then. An evaluator that died is remembered by the system
 * for as long as a client keeps its end open, so a name that exists is taken over if it is this account's: whoever serves
 * there waits for clients, which was looked at before, and who else has made it would not let us add to it. */
static bool listen_first(port_hub *hub) {
  char owner[PORT_ACCOUNT_BYTES_MAX];
  char own[PORT_ACCOUNT_BYTES_MAX];
  if (slot_listen(hub, &hub->slots[0], FILE_FLAG_FIRST_PIPE_INSTANCE)) return true;
  if (GetLastError() != ERROR_ACCESS_DENIED || !slot_listen(hub, &hub->slots[0], 0)) return false;
  win32_owner_account(hub->slots[0].pipe, owner);
  port_own_account(own);
  return own[0] != '\0' && strcmp(owner, own) == 0;
}

static void listen_everywhere(port_hub *hub) {
  for (uint32_t i = 0; i < SLOTS && hub->listening; i++) {
    if (hub->slots[i].state == SLOT_EMPTY && !slot_listen(hub, &hub->slots[i], 0)) return;
  }
}

port_status port_hub_listen(port_hub *hub, const char *endpoint, uint32_t index, const char *accounts) {
  if (hub->listening || hub->slots[0].state != SLOT_EMPTY) return PORT_FAILED;
  if (!win32_pipe_name(endpoint, index, hub->name)) return PORT_FAILED;
  /* Whether anybody waits for clients there, asked in a way that disturbs nobody. What makes it safe is listen_first. */
  if (WaitNamedPipeW(hub->name, 1)) return PORT_IN_USE;
  hub->security = win32_pipe_security(accounts);
  if (hub->security == NULL) return PORT_FAILED;
  hub->listening = listen_first(hub);
  DWORD error = GetLastError();
  if (hub->listening) {
    listen_everywhere(hub);
    /* A pipe that its own server may add no instance to would serve one client, and no other ever. */
    if (hub->slots[1].state == SLOT_LISTENING) return PORT_OK;
    error = ERROR_SUCCESS;
  }
  hub->listening = true;
  port_hub_unlisten(hub);
  return error == ERROR_ACCESS_DENIED || error == ERROR_PIPE_BUSY ? PORT_IN_USE : PORT_FAILED;
}

/* The system keeps one descriptor for all instances of a name. Each one that waits is given it all the same, and each one to
 * come is made with it. */
port_status port_hub_admit(port_hub *hub, const char *accounts) {
  PSECURITY_DESCRIPTOR security = hub->listening ? win32_pipe_security(accounts) : NULL;
  if (security == NULL) return PORT_FAILED;
  bool done = true;
  for (uint32_t i = 0; i < SLOTS; i++) {
    if (hub->slots[i].state != SLOT_LISTENING) continue;
    done = SetKernelObjectSecurity(hub->slots[i].pipe, DACL_SECURITY_INFORMATION, security) && done;
  }
  LocalFree(hub->security);
  hub->security = security;
  return done ? PORT_OK : PORT_FAILED;
}

void port_hub_unlisten(port_hub *hub) {
  if (!hub->listening) return;
  hub->listening = false;
  for (uint32_t i = 0; i < SLOTS; i++) {
    slot *slot = &hub->slots[i];
    if (slot->state == SLOT_EMPTY) continue;
    if (slot->state == SLOT_LISTENING) CancelIoEx(slot->pipe, &slot->connect.overlapped);
    CloseHandle(slot->pipe);
    slot->state = slot->state == SLOT_LISTENING ? SLOT_CLOSING : SLOT_EMPTY;
  }
  LocalFree(hub->security);
  hub->security = NULL;
}

/* ---- events ----------------------------------------------------------------------------------- */

/* Has a read under way. False if the other side is gone. */
static bool link_read(port_link *link) {
  link->start = link->end = 0;
  memset(&link->read.overlapped, 0, sizeof link->read.overlapped);
  link->reading = ReadFile(link->pipe, link->in, LINK_IN_BYTES, NULL, &link->read.overlapped) ||
                  GetLastError() == ERROR_IO_PENDING;
  if (link->reading) link->hub->under_way++;
  else link->broken = true;
  return link->reading;
}

static void link_free(port_link *link) {
  CloseHandle(link->write.hEvent);
  port_free(link->out);
  port_free(link);
}

/* PORT_HUB_TIMEOUT: nothing to tell. */
static port_hub_event link_came(port_link *link, bool succeeded, DWORD count) {
  link->reading = false;
  if (link->closed) {
    link_free(link);
    return PORT_HUB_TIMEOUT;
  }
  if (link->start < link->end) return PORT_HUB_READABLE; /* a reminder of our own */
  link->end = succeeded ? count : 0;
  link->broken = !succeeded;
  if (link->broken) return PORT_HUB_CLOSED;
  /* An empty write of the other side's ends a read, and says nothing. */
  if (count == 0) return link_read(link) ? PORT_HUB_TIMEOUT : PORT_HUB_CLOSED;
  return PORT_HUB_READABLE;
}

static port_hub_event slot_came(port_hub *hub, slot *slot, bool succeeded) {
  if (slot->state == SLOT_CLOSING) {
    slot->state = SLOT_EMPTY;
    return PORT_HUB_TIMEOUT;
  }
  slot->state = SLOT_CONNECTED;
  if (succeeded) return PORT_HUB_CONNECT;
  CloseHandle(slot->pipe);
  slot->state = SLOT_EMPTY;
  listen_everywhere(hub);
  return PORT_HUB_TIMEOUT;
}

/* The next packet. PORT_HUB_TIMEOUT with `*came` false if there is none by then. */
static port_hub_event take_packet(port_hub *hub, DWORD wait_ms, bool *came, void **owner) {
  DWORD count = 0;
  ULONG_PTR key;
  OVERLAPPED *overlapped = NULL;
  bool succeeded = GetQueuedCompletionStatus(hub->port, &count, &key, &overlapped, wait_ms);
  *came = overlapped != NULL;
  if (!*came) return PORT_HUB_TIMEOUT;
  hub->under_way--;
  operation *ended = (operation *)overlapped;
  if (!ended->is_link) return slot_came(hub, (slot *)ended, succeeded);
  port_link *link = (port_link *)ended;
  *owner = link->owner;
  return link_came(link, succeeded, count);
}

port_hub_event port_hub_next(port_hub *hub, uint64_t deadline_ns, void **owner) {
  for (;;) {
    bool came;
    void *whose = NULL;
    port_hub_event event = take_packet(hub, win32_wait_ms(deadline_ns), &came, &whose);
    if (event != PORT_HUB_TIMEOUT) {
      *owner = whose;
      return event;
    }
    if (came) continue;
    listen_everywhere(hub); /* some time has passed: there may be room again */
    return PORT_HUB_TIMEOUT;
  }
}

port_hub *port_hub_open(void) {
  port_hub *hub = port_alloc(sizeof *hub);
  if (hub == NULL) return NULL;
  hub->port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  if (hub->port != NULL) return hub;
  port_free(hub);
  return NULL;
}

void port_hub_close(port_hub *hub) {
  uint64_t deadline_ns = port_now_ns() + CLOSE_MS_MAX * 1000000ull;
  bool came = true;
  void *owner;
  port_hub_unlisten(hub);
  while (hub->under_way > 0 && came) (void)take_packet(hub, win32_wait_ms(deadline_ns), &came, &owner);
  CloseHandle(hub->port);
  if (hub->under_way == 0) port_free(hub);
}

/* ---- links ------------------------------------------------------------------------------------ */

/* Takes the pipe if it succeeds. */
static port_status link_make(port_hub *hub, HANDLE pipe, void *owner, port_link **link) {
  port_link *made = port_alloc(sizeof *made);
  HANDLE event = made == NULL ? NULL : CreateEventW(NULL, TRUE, FALSE, NULL);
  if (event == NULL) {
    port_free(made);
    return PORT_NO_MEMORY;
  }
  made->read.is_link = true;
  made->hub = hub;
  made->pipe = pipe;
  made->owner = owner;
  made->write.hEvent = (HANDLE)((uintptr_t)event | NO_PACKET);
  if (!link_read(made)) {
    link_free(made);
    return PORT_REFUSED;
  }
  *link = made;
  return PORT_OK;
}

port_status port_hub_accept(port_hub *hub, void *owner, port_link **link) {
  uint32_t index = 0;
  while (index < SLOTS && hub->slots[index].state != SLOT_CONNECTED) index++;
  if (index == SLOTS) return PORT_REFUSED;
  HANDLE pipe = hub->slots[index].pipe;
  hub->slots[index].state = SLOT_EMPTY;
  /* Before this one is used up, so that a client finds somebody to wait for. */
  listen_everywhere(hub);
  port_status status = link_make(hub, pipe, owner, link);
  if (status != PORT_OK) CloseHandle(pipe);
  return status;
}

port_status port_hub_adopt(port_hub *hub, intptr_t handle, void *owner, port_link **link) {
  if (CreateIoCompletionPort((HANDLE)handle, hub->port, 0, 0) == NULL) return PORT_FAILED;
  return link_make(hub, (HANDLE)handle, owner, link);
}

void port_link_account(const port_link *link, char account[PORT_ACCOUNT_BYTES_MAX]) {
  win32_client_account(link->pipe, account);
}

port_status port_link_receive(port_link *link, void *bytes, size_t size, size_t *count) {
  *count = 0;
  if (link->start == link->end) return link->broken ? PORT_CLOSED : PORT_TIMEOUT;
  size_t taken = link->end - link->start;
  if (taken > size) taken = size;
  memcpy(bytes, link->in + link->start, taken);
  link->start += (uint32_t)taken;
  if (link->start < link->end) {
    link->reading = PostQueuedCompletionStatus(link->hub->port, 0, 0, &link->read.overlapped);
    if (!link->reading) return PORT_FAILED;
    link->hub->under_way++;
  } else if (!link_read(link)) {
    return PORT_CLOSED; /* its answer would reach nobody */
  }
  *count = taken;
  return PORT_OK;
}

/* What became of the last write. PORT_TIMEOUT: the other side has not taken it yet. */
static port_status link_wrote(port_link *link) {
  DWORD count;
  if (!link->writing) return PORT_OK;
  bool succeeded = GetOverlappedResult(link->pipe, &link->write, &count, FALSE);
  if (!succeeded && GetLastError() == ERROR_IO_INCOMPLETE) return PORT_TIMEOUT;
  link->writing = false;
  return succeeded ? PORT_OK : PORT_CLOSED;
}

static bool reserve_out(port_link *link, uint32_t size) {
  if (link->out_room >= size) return true;
  port_free(link->out);
  link->out = port_alloc(size);
  link->out_room = link->out == NULL ? 0 : size;
  return link->out != NULL;
}

port_status port_link_send(port_link *link, const void *bytes, size_t size, size_t *sent) {
  *sent = 0;
  for (;;) {
    port_status status = link_wrote(link);
    if (status != PORT_OK || *sent == size) return status;
    uint32_t piece = size - *sent < LINK_OUT_BYTES_MAX ? (uint32_t)(size - *sent) : LINK_OUT_BYTES_MAX;
    if (!reserve_out(link, piece)) return PORT_NO_MEMORY;
    memcpy(link->out, (const uint8_t *)bytes + *sent, piece);
    link->writing = WriteFile(link->pipe, link->out, piece, NULL, &link->write) || GetLastError() == ERROR_IO_PENDING;
    if (!link->writing) return PORT_CLOSED;
    *sent += piece;
  }
}

void port_link_close(port_hub *hub, port_link *link) {
  DWORD count;
  if (link_wrote(link) == PORT_TIMEOUT) {
    CancelIoEx(link->pipe, &link->write);
    GetOverlappedResult(link->pipe, &link->write, &count, TRUE);
  }
  if (link->reading) CancelIoEx(link->pipe, &link->read.overlapped);
  CloseHandle(link->pipe);
  link->closed = link->reading;
  if (!link->reading) link_free(link);
  listen_everywhere(hub);
}
