/* Bounds of a whole process, for processes that take one job and end: the steps of admission. An evaluator has the
 * watchdog instead, which knows one question from the next and answers for the one that it ends. */
#include "io/io.h"
#include "port/port.h"

int pcio_limit_process(uint32_t processor_s, uint64_t data_bytes) {
  return port_process_limit(processor_s, data_bytes) == PORT_OK ? 0 : PCIO_E_FAILED;
}
