/* What the Windows files of the port tell each other: text, time, accounts and endpoints. */
#ifndef PORTCULLIS_WIN32_INTERNAL_H
#define PORTCULLIS_WIN32_INTERNAL_H

#include "port/port.h"

/* What CreateNamedPipe takes, prefix included, and a terminator. */
#define WIN32_PIPE_NAME_UNITS_MAX 257u

/* What a system wait takes to end at the deadline, never before it: the system's clock ticks in milliseconds. */
DWORD win32_wait_ms(uint64_t deadline_ns);

/* UTF-8 to UTF-16. False if it is not UTF-8 or does not fit with its terminator. */
bool win32_wide(const char *text, WCHAR *wide, size_t wide_units);

/* ---- endpoint_win32.c ---- */

/* The pipe of evaluator `index`. False if the endpoint is no plain name: a backslash would lead to another machine's
 * or another kind of object. */
bool win32_pipe_name(const char *endpoint, uint32_t index, WCHAR name[WIN32_PIPE_NAME_UNITS_MAX]);

/* The text of a SID; empty if it cannot be told. */
void win32_account(PSID sid, char account[PORT_ACCOUNT_BYTES_MAX]);

/* Who owns a pipe; empty text if it cannot be told. */
void win32_owner_account(HANDLE pipe, char account[PORT_ACCOUNT_BYTES_MAX]);

/* The rights that a client asks for, and all that an account of the list is given. FILE_CREATE_PIPE_INSTANCE is not
 * among them: it is FILE_APPEND_DATA, and so a part of GENERIC_WRITE. */
#define WIN32_CLIENT_ACCESS (FILE_READ_DATA | FILE_WRITE_DATA | FILE_READ_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE)

/* ---- listener_win32.c ---- */

/* Who may do what with a pipe of ours: we everything, each of `accounts` connect, nobody from the network anything.
 * To be freed with LocalFree. NULL if it cannot be made, be it that an account is no SID. */
PSECURITY_DESCRIPTOR win32_pipe_security(const char *accounts);

/* The user of a token; empty text if it cannot be told. */
void win32_token_account(HANDLE token, char account[PORT_ACCOUNT_BYTES_MAX]);

/* Who has connected to a pipe; empty text if it cannot be told. */
void win32_client_account(HANDLE pipe, char account[PORT_ACCOUNT_BYTES_MAX]);

#endif
