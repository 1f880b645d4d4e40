/* What the host needs of the file system and Node does not give: locks that end with their process, a replacement that
 * keeps who may do what with a file, and who that is. Paths are UTF-8. Needs no pcio. */
#ifndef PORTCULLIS_IO_FILES_H
#define PORTCULLIS_IO_FILES_H

#include <stdint.h>

#include "io/io.h"

#define PCIO_LOCKED (-20) /* another process holds it */

/* Makes the file if it is not there, and holds it against every other process until pcio_file_unlock or the end of this
 * process, however it comes. The file stays when it is given back: whoever removed it could remove another's lock.
 * 0, PCIO_LOCKED, or the system's error number (above 0). */
PCL_EXPORT int pcio_file_lock(const char *path, int64_t *lock);

PCL_EXPORT void pcio_file_unlock(int64_t lock);

#ifdef _WIN32
/* Puts `replacement` in the place of `path`, which exists and keeps its access list, attributes and streams.
 * 0 or the system's error number. */
PCL_EXPORT int pcio_file_replace(const char *path, const char *replacement);

#define PCIO_WRITERS_BYTES 8192u

/* Who may change a file or folder: the SIDs that its access list allows any of the rights `mask` (a file's rights; the
 * generic ones are translated), and its owner, each once, a line each. Rights that are only for what will be made below
 * it do not count, and nothing is taken off for denials: more accounts rather than fewer. 0 or the system's error number. */
PCL_EXPORT int pcio_file_writers(const char *path, uint32_t mask, char texts[PCIO_WRITERS_BYTES]);

#define PCIO_NAME_BYTES 1024u

/* The name of an account, such as BUILTIN\Users; empty if there is none for this SID. */
PCL_EXPORT void pcio_account_name(const char *sid, char name[PCIO_NAME_BYTES]);
#endif

#endif
