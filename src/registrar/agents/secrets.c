/* SPDX-License-Identifier: ISC */
#include "registrar/agents/secrets.h"

#include "common/cleanup.h"
#include "common/hex.h"
#include "common/random-bytes.h"
#include "common/secret.h"
#include "registrar/agents/secrets-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ making one */

/* For one more line. */
static int make_room(struct agent_secrets *secrets)
{
	size_t room = secrets->text_room ?: 4096, wanted = secrets->text_length + SECRET_LINE_SIZE;
	char *grown;

	if (wanted < secrets->text_room)
		return 0;
	while (room <= wanted)
		room *= 2;
	grown = secret_realloc(secrets->text, secrets->text_room, room);
	if (!grown)
		return -ENOMEM;
	secrets->text = grown;
	secrets->text_room = room;
	return 0;
}

static int make_secret(struct agent_secret *ret,
		       char ret_text[static ENROLL_AGENT_SECRET_LENGTH + 1])
{
	unsigned char bytes[ENROLL_AGENT_SECRET_SIZE];
	int r = random_bytes(bytes, sizeof bytes);

	if (r == 0)
		r = enroll_jwt_derive(ret->line.key.bytes, ENROLL_AGENT_SECRET, bytes,
				      sizeof bytes);
	if (r == 0)
		hex_print(ret_text, bytes, sizeof bytes);
	explicit_bzero(bytes, sizeof bytes);
	return r;
}

int agent_secrets_make(struct agent_secrets *secrets, struct agent_secret **ret,
		       char ret_text[static ENROLL_AGENT_SECRET_LENGTH + 1], struct reason *why)
{
	struct agent_secret *secret = NULL;
	int r = secrets_file_open(secrets, why);

	if (r < 0)
		return r;
	r = make_room(secrets);
	if (r == 0)
		secret = calloc(1, sizeof *secret);
	r = secret ? make_secret(secret, ret_text) : -ENOMEM;
	if (r < 0) {
		agent_secret_discard(secret);
		return reason_errno(why, r, "Cannot make a secret for enrolling again");
	}
	*ret = secret;
	return 0;
}

/* ------------------------------------------------------------------ staging */

bool agent_secrets_is_staged(const struct agent_secrets *secrets, const char *id)
{
	for (const struct staged_secret *at = secrets->staged; at; at = at->next)
		if (strcmp(at->holder->id, id) == 0)
			return true;
	return false;
}

/* What there is no memory to know is read from the file, the next time. */
static void note_staged(struct agent_secrets *secrets, struct agent_secret *secret)
{
	struct secret_holder *holder = secrets_make_holder(secrets, secret->line.id);
	struct staged_secret *staged = holder ? malloc(sizeof *staged) : NULL;

	if (!staged) {
		agent_secret_discard(secret);
		secrets->is_read = false;
		return;
	}
	secret->next = holder->newest;
	holder->newest = secret;
	*staged = (struct staged_secret){ .next = secrets->staged, .holder = holder };
	secrets->staged = staged;
}

void agent_secrets_stage(struct agent_secrets *secrets, struct agent_secret *secret,
			 const struct agent_key *agent, const struct agent_secret *used,
			 const struct signing_key *used_key)
{
	struct secret_line *line = &secret->line;

	memcpy(line->id, agent->id, sizeof line->id);
	line->mark = secret_mark_of(agent->key);
	if (used) {
		line->has_base = line->has_previous = true;
		line->base = used->line.mark;
		line->previous = *used_key;
	}
	secrets->text_length += secret_line_format(secrets->text + secrets->text_length, line);
	note_staged(secrets, secret);
}

void agent_secrets_end(struct agent_secrets *secrets, bool is_stored)
{
	while (secrets->staged) {
		struct staged_secret *staged = secrets->staged;
		struct agent_secret *newest = staged->holder->newest;

		secrets->staged = staged->next;
		if (is_stored) {
			secrets_discard_from(&newest->next);
		} else {
			staged->holder->newest = newest->next;
			agent_secret_discard(newest);
		}
		free(staged);
	}
	if (secrets->text)
		explicit_bzero(secrets->text, secrets->text_length);
	secrets->text_length = 0;
	release_fd(&secrets->fd);
	secrets->fd = -1;
}

/* ------------------------------------------------------------------ the whole */

int agent_secrets_begin(struct agent_secrets *secrets, struct reason *why)
{
	int r = agent_secrets_refresh(secrets, why);

	return r == 0 && secrets_file_is_long(secrets) ? secrets_file_compact(secrets, why) : r;
}

struct agent_secrets *agent_secrets_new(const char *directory, const struct roster *roster)
{
	struct agent_secrets *secrets = calloc(1, sizeof *secrets);

	if (!secrets)
		return NULL;
	secrets->fd = -1;
	secrets->is_unflushed = true;
	secrets->roster = roster;
	if (asprintf(&secrets->path, "%s/" AGENT_SECRETS_FILE, directory) >= 0)
		return secrets;
	free(secrets);
	return NULL;
}

void agent_secrets_free(struct agent_secrets *secrets)
{
	if (!secrets)
		return;
	agent_secrets_end(secrets, false);
	secrets_forget(secrets);
	free(secrets->text);
	free(secrets->path);
	free(secrets);
}
