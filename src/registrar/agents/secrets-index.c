/* SPDX-License-Identifier: ISC */
#include "registrar/agents/secrets-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void agent_secret_discard(struct agent_secret *secret)
{
	if (!secret)
		return;
	explicit_bzero(secret, sizeof *secret);
	free(secret);
}

void secrets_discard_from(struct agent_secret **link)
{
	struct agent_secret *secret = *link;

	*link = NULL;
	while (secret) {
		struct agent_secret *next = secret->next;

		agent_secret_discard(secret);
		secret = next;
	}
}

void secrets_forget(struct agent_secrets *secrets)
{
	while (secrets->holders) {
		struct secret_holder *holder = secrets->holders;

		secrets->holders = holder->next;
		secrets_discard_from(&holder->newest);
		free(holder);
	}
	text_index_clear(&secrets->by_id);
}

static struct secret_holder *find_holder(const struct agent_secrets *secrets, const char *id)
{
	return text_index_find(&secrets->by_id, id, strlen(id));
}

struct secret_holder *secrets_make_holder(struct agent_secrets *secrets, const char *id)
{
	struct secret_holder *holder = find_holder(secrets, id);

	if (holder)
		return holder;
	holder = calloc(1, sizeof *holder);
	if (!holder)
		return NULL;
	memcpy(holder->id, id, strlen(id) + 1);
	if (text_index_add(&secrets->by_id, holder->id, strlen(holder->id), holder) < 0) {
		free(holder);
		return NULL;
	}
	holder->next = secrets->holders;
	secrets->holders = holder;
	return holder;
}

/* What a line does not name as its base does not count any more. */
static void keep_base(struct secret_holder *holder, const struct secret_line *line)
{
	struct agent_secret **link = &holder->newest;

	while (*link) {
		struct agent_secret *secret = *link;
		bool is_kept = line->has_base &&
			       secret_mark_equal(&secret->line.mark, &line->base) &&
			       !secret_mark_equal(&secret->line.mark, &line->mark);

		if (is_kept) {
			link = &secret->next;
			continue;
		}
		*link = secret->next;
		agent_secret_discard(secret);
	}
}

int secrets_take_line(struct agent_secrets *secrets, const struct secret_line *line)
{
	struct secret_holder *holder = secrets_make_holder(secrets, line->id);
	struct agent_secret *secret = holder ? calloc(1, sizeof *secret) : NULL;

	if (!secret)
		return -ENOMEM;
	keep_base(holder, line);
	secret->line = *line;
	secret->next = holder->newest;
	holder->newest = secret;
	return 0;
}

const struct agent_secret *agent_secrets_find(const struct agent_secrets *secrets, const char *id)
{
	const struct secret_holder *holder = find_holder(secrets, id);

	return holder ? holder->newest : NULL;
}

const struct agent_secret *agent_secret_for_key(const struct agent_secret *secret, const char *key)
{
	const struct secret_mark mark = secret_mark_of(key);

	while (secret && !secret_mark_equal(&secret->line.mark, &mark))
		secret = secret->next;
	return secret;
}
