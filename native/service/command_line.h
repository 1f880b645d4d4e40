/* Command lines of Windows: one text for all arguments, quoted so that the program gets them back as they were. Pure. */
#ifndef PORTCULLIS_SERVICE_COMMAND_LINE_H
#define PORTCULLIS_SERVICE_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "wsman/wsman_types.h"

/* What CreateProcess takes, terminator included; the service manager's ImagePath is kept to the same. */
#define COMMAND_LINE_UNITS_MAX 32767u

/* Appends an argument, with quotes around it whatever it is: an ImagePath without them and with a space in it would let
 * whoever can write to C:\ choose what is run. `units` counts what is there already, without a terminator. False if the
 * text, with a terminator, would be longer than `units_max`. */
bool command_line_add(WCHAR *text, size_t units_max, size_t *units, const WCHAR *argument);

/* Whether the program of a command line has this file name, in any folder; case of ASCII letters does not count. */
bool command_line_runs(const WCHAR *text, const char *file_name);

#endif
