/* What an evaluator inherits from its supervisor, made by the answerer for itself. */
#ifndef PORTCULLIS_ANSWERER_HANDLES_H
#define PORTCULLIS_ANSWERER_HANDLES_H

#include <stdint.h>

/* The near end of a control connection whose far end says nothing and reads nothing. -1 if there is none to be had. */
int64_t handles_control(void);

/* The file at `path` (UTF-8), made anew, for the page that says what runs. -1 if it cannot be made. */
int64_t handles_page(const char *path);

#endif
