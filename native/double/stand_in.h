/* Tokens that no logon has made, on Windows: for questions that speak of users and groups that this process is not. The
 * plug-in's own import of GetTokenInformation, and nothing else of it, is led to them; every other handle goes on to the
 * system. What they cannot show, such as impersonating one, is tested with real tokens. */
#ifndef WSMD_STAND_IN_H
#define WSMD_STAND_IN_H

#include "double/double_internal.h"

/* Before the plug-in is asked anything. 0, or -1 if it does not import the function. */
int wsmd__stand_in_attach(HMODULE plugin);

/* Returns 0 and the handle of a token that has exactly these SIDs, or -1. Its memory belongs to the parcel. */
int wsmd__stand_in_make(wsmd__parcel *parcel, const wsmd_question *question, HANDLE *token);

/* Whether the handle is one of these, and lives. */
int wsmd__stand_in_is(HANDLE token);

/* Nobody asks about it any more. */
void wsmd__stand_in_forget(HANDLE token);

#endif
