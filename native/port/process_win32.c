/* port.h on Windows: ending, bounding and watching a whole process. Apart from port_win32.c, so that none of it gets into
 * the plug-in, whose process is WinRM's. */
#include "port/port.h"

#define PSAPI_VERSION 2
#include <psapi.h>
#include <sddl.h>

/* The unit of a job's limit is 100 ns. */
#define FILETIMES_PER_SECOND 10000000ll

/* The exit code of a process that ends itself at once: what a shell calls a death by SIGKILL. */
#define KILLED_EXIT_CODE 137u

#define UNTRUSTED_LEVEL L"S-1-16-0"

void port_process_kill(void) { TerminateProcess(GetCurrentProcess(), KILLED_EXIT_CODE); }

/* The least of all integrity levels: what others have made cannot be written any more, and nothing new can be made
 * beside it. A process can go down and not up again. */
static bool distrust_itself(void) {
  PSID level;
  HANDLE token;
  if (!ConvertStringSidToSidW(UNTRUSTED_LEVEL, &level)) return false;
  TOKEN_MANDATORY_LABEL label = {.Label = {.Sid = level, .Attributes = SE_GROUP_INTEGRITY}};
  bool set = false;
  if (OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_DEFAULT | TOKEN_QUERY, &token)) {
    set = SetTokenInformation(token, TokenIntegrityLevel, &label, (DWORD)sizeof label + GetLengthSid(level));
    CloseHandle(token);
  }
  LocalFree(level);
  return set;
}

/* A job of one process: nobody has a handle to it when this returns, so nobody can widen it. */
static bool enter_job(uint32_t processor_s, uint64_t data_bytes) {
  PROCESS_MEMORY_COUNTERS_EX now = {.cb = sizeof now};
  if (!GetProcessMemoryInfo(GetCurrentProcess(), (PROCESS_MEMORY_COUNTERS *)&now, sizeof now)) return false;
  if (now.PrivateUsage > UINT64_MAX - data_bytes) return false;
  JOBOBJECT_EXTENDED_LIMIT_INFORMATION limit = {.ProcessMemoryLimit = now.PrivateUsage + data_bytes};
  limit.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_PROCESS_TIME | JOB_OBJECT_LIMIT_PROCESS_MEMORY |
                                           JOB_OBJECT_LIMIT_ACTIVE_PROCESS |
                                           JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
  limit.BasicLimitInformation.ActiveProcessLimit = 1;
  limit.BasicLimitInformation.PerProcessUserTimeLimit.QuadPart = processor_s * FILETIMES_PER_SECOND;
  HANDLE job = CreateJobObjectW(NULL, NULL);
  if (job == NULL) return false;
  bool entered = SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limit, sizeof limit) &&
                 AssignProcessToJobObject(job, GetCurrentProcess());
  CloseHandle(job);
  return entered;
}

port_status port_process_limit(uint32_t processor_s, uint64_t data_bytes) {
  SetErrorMode(GetErrorMode() | SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
  return enter_job(processor_s, data_bytes) && distrust_itself() ? PORT_OK : PORT_FAILED;
}

uint8_t *port_page_map(intptr_t handle, size_t size) {
  /* The system takes this one for memory without a file, which would end with this process. */
  if ((HANDLE)handle == INVALID_HANDLE_VALUE) return NULL;
  HANDLE mapping = CreateFileMappingW((HANDLE)handle, NULL, PAGE_READWRITE, 0, (DWORD)size, NULL);
  if (mapping == NULL) return NULL;
  void *page = MapViewOfFile(mapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, size);
  CloseHandle(mapping);
  return page;
}
