/* SPDX-License-Identifier: ISC */
/*
 * What users of the API ask about enrollment tokens, and what the registry says. Plain data, which
 * is checked by the one who decides. The text of a token, with its secret, is said once, to the one
 * who has it made.
 */
#pragma once

#include "common/enrollment-token.h"
#include "common/must-check.h"
#include "registrar/registry/user-session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_fault {
	TOKEN_OK,
	/* What is wished for cannot be: */
	TOKEN_ADDRESS, /* is no name of a host, and no address */
	TOKEN_PREFIX,  /* is not the beginning of a path */
	TOKEN_TTL,     /* is too long */
	TOKEN_DESCRIPTION,
	TOKEN_NOT_KEPT, /* without a credential, and all the same with limits or a description */
	/* No token can be made: */
	TOKEN_FULL,     /* there are as many as there may be */
	TOKEN_NO_CA,    /* the certificate's file has none, or one that does not fit */
	TOKEN_STORE,    /* the file of the tokens can not be read, or not be written */
	TOKEN_INTERNAL, /* the manager's machine */
};

/* ------------------------------------------------------------------ making one */

/* Bytes of each text of a wish, with the terminator: longer ones are wrong in any case. */
#define TOKEN_TEXT_SIZE 512

/* What is empty, 0 or false was not given. */
struct token_make_request {
	struct registry_user user;
	char address[TOKEN_TEXT_SIZE];
	uint16_t port;
	char prefix[TOKEN_TEXT_SIZE];
	bool has_prefix; /* it is given, and may be empty */
	uint32_t ttl;    /* seconds */
	uint32_t most;   /* uses */
	char description[TOKEN_TEXT_SIZE];
	bool embeds_ca, has_no_credential;
};

/* Holds a secret: wipe it, and `text`, with token_make_answer_clear(). */
struct token_make_answer {
	enum token_fault fault;
	char *text;                        /* TOKEN_OK: the token; owned */
	char id[ENROLLMENT_ID_LENGTH + 1]; /* empty: it has no credential, and is not kept */
	uint64_t expires;                  /* seconds since 1970; 0: it is not kept */
	char address[ENROLLMENT_ADDRESS_SIZE];
	bool has_pin; /* otherwise it has the CA */
	unsigned char pin[ENROLLMENT_PIN_SIZE];
};

void token_make_answer_clear(struct token_make_answer *answer);

/* ------------------------------------------------------------------ listing */

#define TOKENS_PAGE_MAX 100u /* tokens in a page; so many fit, whatever their texts */

struct tokens_request {
	struct registry_user user;
	uint32_t from; /* which one is the first of the page: from 0, in the order of the file */
};

/* A token, without its secret. */
struct token_row {
	struct token_row *next;
	char id[ENROLLMENT_ID_LENGTH + 1];
	char address[ENROLLMENT_ADDRESS_SIZE];
	char description[TOKEN_TEXT_SIZE];
	uint64_t created, expires; /* seconds since 1970 */
	uint32_t uses, most;       /* 0: without a limit */
	bool is_revoked;
};

struct tokens_page {
	enum token_fault fault;
	struct token_row *rows; /* each from malloc() */
	uint32_t total;         /* how many tokens there are in all */
};

/* Free the rows. */
void tokens_page_clear(struct tokens_page *page);

/* ------------------------------------------------------------------ ending */

enum token_ending {
	TOKEN_REVOKE,     /* those that are named; they stay in the list */
	TOKEN_PURGE_DEAD, /* remove those that cannot be used any more */
	TOKEN_PURGE_ALL,  /* remove all */
};

#define TOKEN_IDS_MAX 256 /* that can be named at once */

struct token_end_request {
	struct registry_user user;
	enum token_ending ending;
	size_t count; /* TOKEN_REVOKE: of `ids` */
	char ids[TOKEN_IDS_MAX][ENROLLMENT_ID_LENGTH + 1];
};

/* Those that were revoked, or were already, in the order of the request; or that were removed. */
struct token_end_answer {
	enum token_fault fault;
	char (*ids)[ENROLLMENT_ID_LENGTH + 1]; /* owned */
	size_t count;
};
