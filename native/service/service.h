/* The service itself: what the service manager runs, and what it is told meanwhile. */
#ifndef PORTCULLIS_SERVICE_SERVICE_H
#define PORTCULLIS_SERVICE_SERVICE_H

#include <windows.h>

#include "service/host_process.h"

typedef struct service_options {
  WCHAR *name;
  const WCHAR *log_folder;
  host_command command;
} service_options;

/* What a service that could not start ends with, as its own code (docs/reference/service.md). */
typedef enum service_failure {
  SERVICE_FAILURE_HOST_ENDED = 1,
  SERVICE_FAILURE_NO_HOST = 2,
  SERVICE_FAILURE_LATE = 3,
  SERVICE_FAILURE_LOG = 4,
} service_failure;

/* Returns when the service has stopped: 0, or an error of Windows if the service manager has not started this. */
DWORD service_run(const service_options *options);

#endif
