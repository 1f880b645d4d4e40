/* The decision that the load policy makes, computed a second time. The policy on the other side of
 * plug-in, host and engine computes the same function of the same UTF-16 units, so a single changed unit,
 * a mixed-up application or a crossed answer shows as a contradiction. */
#ifndef PORTCULLIS_DRIVER_MIRROR_H
#define PORTCULLIS_DRIVER_MIRROR_H

#include "double/double.h"

/* True if the question is to be answered with code 0. */
int mirror_allows(PCWSTR application, const wsmd_question *question);

/* The quota of a sender, which does not depend on whether the user is allowed; no word is 0. */
void mirror_quota(PCWSTR application, const wsmd_question *question, uint32_t quota[4]);

#endif
