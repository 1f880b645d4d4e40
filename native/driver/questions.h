/* Random questions for load and cycle runs. */
#ifndef PORTCULLIS_DRIVER_QUESTIONS_H
#define PORTCULLIS_DRIVER_QUESTIONS_H

#include "double/double.h"

/* The longest name, action or URI that is made here; each is a short stem and a number. */
#define QUESTION_UNITS_MAX 128u

/* A question with the memory that its strings live in; do not copy it. */
typedef struct random_question {
  wsmd_question question;
  WCHAR sender_name[QUESTION_UNITS_MAX];
  WCHAR action[QUESTION_UNITS_MAX];
  WCHAR resource_uri[QUESTION_UNITS_MAX];
} random_question;

/* Any of the three kinds, from many senders, about many resources, released at any time. With
 * `inside_mix` the double may also re-enter, refuse the completion, or stay inside it for a while. */
void question_random(uint64_t *state, int inside_mix, random_question *made);

/* A user question, released at any time. */
void question_random_user(uint64_t *state, random_question *made);

#endif
