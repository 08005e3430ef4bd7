/* SPDX-License-Identifier: ISC */
/*
 * What stands behind the commands that administer client.keys: add, list, export, remove,
 * import-file.
 */
#pragma once

#include <stdbool.h>

/* Texts point into argv. */
struct admin_options {
	const char *name, *ip, *id; /* add; null: not given */
	bool json;                  /* list */
	bool purge;                 /* remove */
	char **operands;            /* ids, or a file; user: a name */
	int operand_count;
};

/* Long options without a letter. */
enum {
	ADMIN_OPTION_ID = 0x200,
	ADMIN_OPTION_PURGE,
};

/* The letters that mean something else there. */
#define ADMIN_LETTERS "a:dD:g:hjn:V"

/*
 * Take an option. Returns whether it is one of these; `is_admin` tells whether it stands behind
 * such a command, where -n means something else than elsewhere.
 */
bool admin_options_take(struct admin_options *options, bool is_admin, int option,
			const char *value);

/*
 * Does everything fit the command ("add")? Returns 0; or -EINVAL with a sentence in `ret_fault`
 * (static).
 */
int admin_options_check(const struct admin_options *options, const char *command,
			const char **ret_fault);
