/* A service of ours as the service manager knows it. Each function says what became of it by report.h and returns whether
 * it did what was asked. */
#ifndef PORTCULLIS_SERVICE_MANAGER_H
#define PORTCULLIS_SERVICE_MANAGER_H

#include <stdbool.h>

#include <windows.h>

#include "service/service.h"

/* The file name of this program: what an ImagePath of ours runs, in whichever folder. */
#define PROGRAM_NAME "portcullis_service.exe"

typedef struct installation {
  service_options options;
  const WCHAR *account; /* such as NT SERVICE\<name>, which needs no password */
  const WCHAR *sid;     /* the account's, should the system not know it by name */
} installation;

/* install.c: registers the service, or points one of ours to what is given. */
bool manager_install(const installation *installation);

/* install.c: stops it and takes away what install has made. */
bool manager_uninstall(const WCHAR *name);

/* control.c: each returns when the service runs, or has stopped, or did not in time. */
bool manager_start(const WCHAR *name);
bool manager_stop(const WCHAR *name);
bool manager_status(const WCHAR *name);

/* ---- what these share, in control.c ----------------------------------------------------------------- */

typedef struct opened {
  SC_HANDLE manager;
  SC_HANDLE service; /* NULL if there is none of the name */
  QUERY_SERVICE_CONFIGW *config; /* of that service */
} opened;

/* False if it was refused, which is then said; a service of the name that is not ours is a refusal. */
bool manager_open(opened *self, const WCHAR *name, DWORD manager_access, DWORD service_access);
void manager_close(opened *self);

/* Has a service stop and waits for it. Returns 0, or an error of Windows; ERROR_TIMEOUT if it did not in time. */
DWORD manager_stop_and_wait(SC_HANDLE service);

/* ---- event_source.c --------------------------------------------------------------------------------- */

/* Each returns 0 or an error of Windows; ERROR_DUPLICATE_SERVICE_NAME if another program's source has the name. */
DWORD event_source_add(const WCHAR *name, const WCHAR *program);
DWORD event_source_remove(const WCHAR *name);

/* ---- account.c -------------------------------------------------------------------------------------- */

#define ACCOUNT_SID_UNITS 192u

/* The text of its SID; empty if the system does not know it. */
void account_sid(const WCHAR *account, WCHAR text[ACCOUNT_SID_UNITS]);

/* Makes the folder if it is not there, for administrators, the system and the account alone; otherwise lets the account write
 * into it besides whoever can. Returns 0 or an error of Windows. */
DWORD account_log_folder(const WCHAR *folder, const WCHAR *sid);

#endif
