#include "io/io.h"
#include "port/port.h"

_Static_assert(PCIO_ACCOUNT_BYTES == PORT_ACCOUNT_BYTES_MAX, "an account fits");

void pcio_own_account(char account[PCIO_ACCOUNT_BYTES]) { port_own_account(account); }
