/* Telling WinRM. Every entry point that was given sender details ends in exactly one call of
 * completion_send, on the calling thread, with nothing of ours held. */
#ifndef PORTCULLIS_COMPLETION_H
#define PORTCULLIS_COMPLETION_H

#include "plugin/question.h"

/* After this nothing behind question->sender may be touched: WinRM may have freed it. `instance` may be
 * NULL (nobody's), and is not used after the completion was called. */
void completion_send(const question *question, instance *instance, verdict *verdict);

#endif
