/* The WinRM ABI as this project compiles it.
 *
 * On Windows the authority is mingw-w64's <wsman.h>, which compiles in C only as
 * WSMAN_API_VERSION_1_0. Elsewhere a minimal twin of the same types stands in, so that the plug-in and
 * its tests build from the same sources. The layout assertions below hold for both; they fix the x64
 * layout that the Windows SDK documents for WSMAN_SENDER_DETAILS, WSMAN_CERTIFICATE_DETAILS and
 * WSMAN_AUTHZ_QUOTA. */
#ifndef PORTCULLIS_WSMAN_TYPES_H
#define PORTCULLIS_WSMAN_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32

#define WSMAN_API_VERSION_1_0
#include <windows.h>
#include <wsman.h>

#define PCL_EXPORT __declspec(dllexport)

#else

#define WINAPI
#define PCL_EXPORT __attribute__((visibility("default")))

#define TRUE 1
#define FALSE 0

typedef uint32_t DWORD;
typedef int32_t WINBOOL;
typedef uint16_t WCHAR; /* one UTF-16 unit, as on Windows */
typedef const WCHAR *PCWSTR;
typedef void *PVOID;
typedef void *HANDLE; /* a token: see port/posix_token.h */

typedef struct _WSMAN_CERTIFICATE_DETAILS {
  PCWSTR subject;
  PCWSTR issuerName;
  PCWSTR issuerThumbprint;
  PCWSTR subjectName;
} WSMAN_CERTIFICATE_DETAILS;

typedef struct _WSMAN_SENDER_DETAILS {
  PCWSTR senderName;
  PCWSTR authenticationMechanism;
  WSMAN_CERTIFICATE_DETAILS *certificateDetails;
  HANDLE clientToken;
  PCWSTR httpURL;
} WSMAN_SENDER_DETAILS;

typedef struct _WSMAN_AUTHZ_QUOTA {
  DWORD maxAllowedConcurrentShells;
  DWORD maxAllowedConcurrentOperations;
  DWORD timeslotSize;
  DWORD maxAllowedOperationsPerTimeslot;
} WSMAN_AUTHZ_QUOTA;

#define WSMAN_PLUGIN_STARTUP_REQUEST_RECEIVED 0
#define WSMAN_PLUGIN_STARTUP_AUTORESTARTED_REBOOT 1
#define WSMAN_PLUGIN_STARTUP_AUTORESTARTED_CRASH 2

#define WSMAN_PLUGIN_SHUTDOWN_SYSTEM 1
#define WSMAN_PLUGIN_SHUTDOWN_SERVICE 2
#define WSMAN_PLUGIN_SHUTDOWN_IISHOST 3
#define WSMAN_PLUGIN_SHUTDOWN_IDLETIMEOUT_ELAPSED 4

typedef DWORD (*WSMAN_PLUGIN_STARTUP)(DWORD flags, PCWSTR applicationIdentification, PCWSTR extraInfo,
                                      PVOID *pluginContext);
typedef DWORD (*WSMAN_PLUGIN_SHUTDOWN)(PVOID pluginContext, DWORD flags, DWORD reason);
typedef void (*WSMAN_PLUGIN_AUTHORIZE_USER)(PVOID pluginContext, WSMAN_SENDER_DETAILS *senderDetails,
                                            DWORD flags);
typedef void (*WSMAN_PLUGIN_AUTHORIZE_OPERATION)(PVOID pluginContext, WSMAN_SENDER_DETAILS *senderDetails,
                                                 DWORD flags, DWORD operation, PCWSTR action,
                                                 PCWSTR resourceUri);
typedef void (*WSMAN_PLUGIN_AUTHORIZE_QUERY_QUOTA)(PVOID pluginContext, WSMAN_SENDER_DETAILS *senderDetails,
                                                   DWORD flags);
typedef void (*WSMAN_PLUGIN_AUTHORIZE_RELEASE_CONTEXT)(PVOID userAuthorizationContext);

DWORD WSManPluginAuthzUserComplete(WSMAN_SENDER_DETAILS *senderDetails, DWORD flags,
                                   PVOID userAuthorizationContext, HANDLE impersonationToken,
                                   WINBOOL userIsAdministrator, DWORD errorCode,
                                   PCWSTR extendedErrorInformation);
DWORD WSManPluginAuthzOperationComplete(WSMAN_SENDER_DETAILS *senderDetails, DWORD flags,
                                        PVOID userAuthorizationContext, DWORD errorCode,
                                        PCWSTR extendedErrorInformation);
DWORD WSManPluginAuthzQueryQuotaComplete(WSMAN_SENDER_DETAILS *senderDetails, DWORD flags,
                                         WSMAN_AUTHZ_QUOTA *quota, DWORD errorCode,
                                         PCWSTR extendedErrorInformation);

#endif

_Static_assert(sizeof(WSMAN_SENDER_DETAILS) == 40, "WSMAN_SENDER_DETAILS");
_Static_assert(offsetof(WSMAN_SENDER_DETAILS, authenticationMechanism) == 8, "authenticationMechanism");
_Static_assert(offsetof(WSMAN_SENDER_DETAILS, certificateDetails) == 16, "certificateDetails");
_Static_assert(offsetof(WSMAN_SENDER_DETAILS, clientToken) == 24, "clientToken");
_Static_assert(offsetof(WSMAN_SENDER_DETAILS, httpURL) == 32, "httpURL");
_Static_assert(sizeof(WSMAN_CERTIFICATE_DETAILS) == 32, "WSMAN_CERTIFICATE_DETAILS");
_Static_assert(offsetof(WSMAN_CERTIFICATE_DETAILS, subjectName) == 24, "subjectName");
_Static_assert(sizeof(WSMAN_AUTHZ_QUOTA) == 16, "WSMAN_AUTHZ_QUOTA");
_Static_assert(offsetof(WSMAN_AUTHZ_QUOTA, timeslotSize) == 8, "timeslotSize");

/* Win32 and WinRM error codes that cross this ABI. mingw-w64 has no <wsmerror.h>, so the WinRM ones are
 * defined here from the public Win32 metadata; the Win32 ones keep their names and values. */
#ifndef _WIN32
#define NO_ERROR 0u
#define ERROR_ACCESS_DENIED 5u
#define ERROR_NOT_ENOUGH_MEMORY 8u
#define ERROR_INVALID_PARAMETER 87u
#define ERROR_SHUTDOWN_IN_PROGRESS 1115u
#define ERROR_REVISION_MISMATCH 1306u
#define ERROR_INTERNAL_ERROR 1359u
#define ERROR_TIMEOUT 1460u
#define ERROR_BAD_CONFIGURATION 1610u
#endif
/* Attribute bits of a group in a token, as <winnt.h> names them. */
#ifndef _WIN32
#define SE_GROUP_ENABLED 0x00000004u
#define SE_GROUP_USE_FOR_DENY_ONLY 0x00000010u
#endif

#ifndef ERROR_WSMAN_REDIRECT_REQUESTED
#define ERROR_WSMAN_REDIRECT_REQUESTED 0x80338199u
#endif

#endif
