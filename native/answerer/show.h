/* What an evaluator is told, as lines of JSON on standard output. */
#ifndef PORTCULLIS_ANSWERER_SHOW_H
#define PORTCULLIS_ANSWERER_SHOW_H

#include <stdint.h>

/* Of a hello's event body: the account behind the connection. */
void show_hello(const uint8_t *body);

/* Of a request block: who asks, with every group. */
void show_identity(const uint8_t *block);

#endif
