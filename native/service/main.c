/* The program of the service: `run` is what the service manager starts; the other commands are those of
 * `portcullis service`, which checks and explains what this one only does. Status 0 and a line of JSON: done. */
#include <stdio.h>
#include <wchar.h>

#include "service/manager.h"
#include "service/report.h"

enum { DONE = 0, NOT_DONE = 1, USAGE = 2 };

typedef struct option {
  const WCHAR *name;
  const WCHAR **value;
} option;

/* Every option has a value. */
static bool read_options(int count, WCHAR **arguments, const option *options, size_t option_count) {
  for (int i = 0; i < count; i += 2) {
    size_t at = 0;
    while (at < option_count && wcscmp(arguments[i], options[at].name) != 0) at++;
    if (at == option_count || i + 1 == count || *options[at].value != NULL) return false;
    *options[at].value = arguments[i + 1];
  }
  return true;
}

static int usage(void) {
  fputs("usage: portcullis_service run|install|uninstall|start|stop|status --name NAME ...\n"
        "This is the service's own program; use \"portcullis service\".\n",
        stderr);
  return USAGE;
}

static int run(const service_options *options) {
  DWORD error = service_run(options);
  if (error == 0) return DONE;
  fprintf(stderr, "Windows error %lu; only the service manager can start this: use \"portcullis service start\"\n",
          (unsigned long)error);
  return NOT_DONE;
}

int wmain(int count, WCHAR **arguments) {
  installation given = {0};
  const WCHAR *name = NULL;
  const option options[] = {
      {L"--name", &name},
      {L"--node", &given.options.command.node},
      {L"--main", &given.options.command.main},
      {L"--config", &given.options.command.config},
      {L"--log", &given.options.log_folder},
      {L"--account", &given.account},
      {L"--sid", &given.sid},
  };
  if (count < 2 || !read_options(count - 2, arguments + 2, options, sizeof options / sizeof *options)) return usage();
  const WCHAR *command = arguments[1];
  if (name == NULL) return usage();
  given.options.name = (WCHAR *)(uintptr_t)name; /* the service manager's table wants it so */
  const host_command *host = &given.options.command;
  bool is_whole = host->node != NULL && host->main != NULL && host->config != NULL && given.options.log_folder != NULL;
  if (wcscmp(command, L"run") == 0) return is_whole ? run(&given.options) : usage();
  if (wcscmp(command, L"install") == 0) {
    if (!is_whole || given.account == NULL) return usage();
    return manager_install(&given) ? DONE : NOT_DONE;
  }
  if (wcscmp(command, L"uninstall") == 0) return manager_uninstall(name) ? DONE : NOT_DONE;
  if (wcscmp(command, L"start") == 0) return manager_start(name) ? DONE : NOT_DONE;
  if (wcscmp(command, L"stop") == 0) return manager_stop(name) ? DONE : NOT_DONE;
  if (wcscmp(command, L"status") == 0) return manager_status(name) ? DONE : NOT_DONE;
  return usage();
}
