/* Makes, poisons and frees what one question hands to the plug-in: sender details, certificate details,
 * token, action, resource URI. Every part is memory of its own, so that reading past one string does not
 * land in the next, and a sanitizer, or the unmapped page, names the part that was touched too late. */
#include "double/double_internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define POISON_BYTE 0xDD

/* `has_certificate` 2: WinRM leaves certificateDetails undefined unless the mechanism is
 * ClientCertificate. No system maps this address, so a plug-in that looks faults at once. */
#define CERTIFICATE_NOT_TO_BE_READ ((WSMAN_CERTIFICATE_DETAILS *)(uintptr_t)0x10)

enum { CERTIFICATE_NONE = 0, CERTIFICATE_FULL = 1, CERTIFICATE_GARBAGE = 2 };

struct wsmd__block {
  wsmd__block *next;
  void *bytes;
  size_t size;
  uint32_t where; /* WSMD_HAND_* */
};

static _Atomic uint32_t hand_where;

/* For WSMD_HAND_SAME: the one place, and whether a question has it. */
static WSMAN_SENDER_DETAILS same_sender;
static atomic_flag same_taken = ATOMIC_FLAG_INIT;

PCL_EXPORT void wsmd_hand(uint32_t where) {
  atomic_store(&hand_where, where);
}

/* Called through a volatile pointer: the compiler knows that nobody may read freed memory and would
 * otherwise drop the overwriting as dead. */
static void *(*const volatile overwrite)(void *, int, size_t) = memset;

static void *add_block(wsmd__parcel *parcel, size_t size, uint32_t where) {
  wsmd__block *block = malloc(sizeof *block);
  if (block == NULL) {
    return NULL;
  }
  *block = (wsmd__block){parcel->blocks, NULL, size, where};
  switch (where) {
  case WSMD_HAND_SAME:
    block->bytes = memset(&same_sender, 0, sizeof same_sender);
    break;
  case WSMD_HAND_PAGES:
    block->bytes = wsmd__pages_make(size);
    break;
  default:
    block->bytes = calloc(1, size);
    break;
  }
  if (block->bytes == NULL) {
    free(block);
    return NULL;
  }
  parcel->blocks = block;
  return block->bytes;
}

void *wsmd__parcel_add(wsmd__parcel *parcel, size_t size) {
  uint32_t where = atomic_load(&hand_where);
  return add_block(parcel, size, where == WSMD_HAND_PAGES ? where : WSMD_HAND_HEAP);
}

static WSMAN_SENDER_DETAILS *add_sender(wsmd__parcel *parcel) {
  if (atomic_load(&hand_where) == WSMD_HAND_SAME && !atomic_flag_test_and_set(&same_taken)) {
    return add_block(parcel, sizeof(WSMAN_SENDER_DETAILS), WSMD_HAND_SAME);
  }
  return wsmd__parcel_add(parcel, sizeof(WSMAN_SENDER_DETAILS));
}

static void free_block(wsmd__block *block) {
  switch (block->where) {
  case WSMD_HAND_SAME:
    atomic_flag_clear(&same_taken);
    break;
  case WSMD_HAND_PAGES:
    wsmd__pages_free(block->bytes, block->size);
    break;
  default:
    free(block->bytes);
    break;
  }
  free(block);
}

int wsmd__parcel_add_text(wsmd__parcel *parcel, PCWSTR text, PCWSTR *copy) {
  *copy = NULL;
  if (text == NULL) {
    return 0;
  }
  size_t units = 1;
  while (text[units - 1] != 0) {
    units++;
  }
  WCHAR *bytes = wsmd__parcel_add(parcel, units * sizeof *bytes);
  if (bytes == NULL) {
    return -1;
  }
  memcpy(bytes, text, units * sizeof *bytes);
  *copy = bytes;
  return 0;
}

void wsmd__parcel_destroy(wsmd__parcel *parcel) {
  wsmd__block *block = parcel->blocks;
  parcel->blocks = NULL;
  if (parcel->has_token) {
    wsmd__token_destroy(parcel->token);
  }
  parcel->has_token = 0;
  /* All is overwritten before anything is freed: a plug-in that follows a pointer from one part to
   * another meets poison, not memory that malloc has given to somebody else meanwhile. */
  for (wsmd__block *each = block; each != NULL; each = each->next) {
    overwrite(each->bytes, POISON_BYTE, each->size);
  }
  while (block != NULL) {
    wsmd__block *next = block->next;
    free_block(block);
    block = next;
  }
}

static int make_certificate(wsmd__parcel *parcel, const wsmd_question *question,
                            WSMAN_CERTIFICATE_DETAILS **details) {
  *details = NULL;
  if (question->has_certificate == CERTIFICATE_NONE) {
    return 0;
  }
  if (question->has_certificate == CERTIFICATE_GARBAGE) {
    *details = CERTIFICATE_NOT_TO_BE_READ;
    return 0;
  }
  WSMAN_CERTIFICATE_DETAILS *certificate = wsmd__parcel_add(parcel, sizeof *certificate);
  if (certificate == NULL ||
      wsmd__parcel_add_text(parcel, question->certificate_subject, &certificate->subject) != 0 ||
      wsmd__parcel_add_text(parcel, question->certificate_issuer_name, &certificate->issuerName) != 0 ||
      wsmd__parcel_add_text(parcel, question->certificate_issuer_thumbprint,
                            &certificate->issuerThumbprint) != 0 ||
      wsmd__parcel_add_text(parcel, question->certificate_subject_name, &certificate->subjectName) != 0) {
    return -1;
  }
  *details = certificate;
  return 0;
}

static int make_sender(wsmd__parcel *parcel, const wsmd_question *question) {
  WSMAN_SENDER_DETAILS *sender = add_sender(parcel);
  if (sender == NULL || wsmd__parcel_add_text(parcel, question->sender_name, &sender->senderName) != 0 ||
      wsmd__parcel_add_text(parcel, question->authentication_mechanism,
                            &sender->authenticationMechanism) != 0 ||
      wsmd__parcel_add_text(parcel, question->http_url, &sender->httpURL) != 0 ||
      make_certificate(parcel, question, &sender->certificateDetails) != 0) {
    return -1;
  }
  if (question->has_token != 0) {
    if (wsmd__token_make(parcel, question, &sender->clientToken) != 0) {
      return -1;
    }
    parcel->token = sender->clientToken;
    parcel->has_token = 1;
  }
  parcel->sender = sender;
  return 0;
}

int wsmd__parcel_make(wsmd__parcel *parcel, const wsmd_question *question) {
  memset(parcel, 0, sizeof *parcel);
  int made = question->has_certificate <= CERTIFICATE_GARBAGE ? 0 : -1;
  if (made == 0 && question->no_sender == 0) {
    made = make_sender(parcel, question);
  }
  if (made == 0 && question->kind == WSMD_KIND_OPERATION) {
    made = wsmd__parcel_add_text(parcel, question->action, &parcel->action);
  }
  if (made == 0 && question->kind == WSMD_KIND_OPERATION) {
    made = wsmd__parcel_add_text(parcel, question->resource_uri, &parcel->resource_uri);
  }
  if (made != 0) {
    wsmd__parcel_destroy(parcel);
  }
  return made;
}
