/* The settings file beside the plug-in's library: which endpoint to ask, and which account must own it.
 * Everything else comes from the host with the handshake. */
#ifndef PORTCULLIS_SETTINGS_H
#define PORTCULLIS_SETTINGS_H

#include <stdbool.h>

#include "plugin/limits.h"
#include "port/port.h"

#define SETTINGS_FILE_NAME "portcullis.settings"

typedef struct settings {
  char endpoint[PORT_PATH_BYTES_MAX];
  char owner[PORT_ACCOUNT_BYTES_MAX];
} settings;

/* Parses lines of `name = value`; `#` begins a comment line. False unless `endpoint` and `owner` stand
 * there once each, not empty and not too long, and nothing else does. */
bool settings_parse(const char *text, size_t size, settings *settings);

/* Reads and parses the file. False, with no settings, if it is missing or wrong in any way. */
bool settings_read(settings *settings);

#endif
