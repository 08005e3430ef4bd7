/* SPDX-License-Identifier: ISC */
/* The file with the enrollment tokens: reading, locking, storing. */
#include "registrar/agents/enroll-tokens.h"

#include "common/atomic-file.h"
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/lock-holder.h"
#include "common/trusted-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define NEW_FILE_MODE 0600
#define LOCK_PATIENCE (10 * USEC_PER_SEC)
#define FILE_MAX (7 * TRUSTED_FILE_MIB) /* as Wazuh's may have */

static struct trusted_file tokens_file(const char *path)
{
	return (struct trusted_file){
		.path = path,
		.role = "file of the enrollment tokens",
		.flags = O_RDONLY,
		.max = FILE_MAX,
	};
}

static int read_again(struct enroll_tokens *tokens, struct reason *why)
{
	const struct trusted_file wanted = tokens_file(tokens->path);
	struct stat status;
	char *text;
	size_t length;
	int r = trusted_file_read(&wanted, &text, &length, &status, why);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = enroll_tokens_parse(tokens, text, length, why);
	explicit_bzero(text, length);
	free(text);
	if (r == 0)
		tokens->known = status;
	return r;
}

int enroll_tokens_refresh(struct enroll_tokens *tokens, struct reason *why)
{
	struct stat status;

	if (tokens->is_changed || (stat(tokens->path, &status) == 0 && tokens->known.st_ino != 0 &&
				   trusted_file_is_same(&status, &tokens->known)))
		return 0;
	enroll_tokens_clear(tokens);
	return read_again(tokens, why);
}

int enroll_tokens_lock(const char *path, struct reason *why)
{
	return lock_directory_of(path, "file of the enrollment tokens", LOCK_PATIENCE, why);
}

static int replace(const char *path, gid_t group, const char *text, size_t length,
		   struct reason *why)
{
	cleanup(atomic_file_discard) struct atomic_file file = ATOMIC_FILE_NULL;
	struct stat status = { .st_mode = NEW_FILE_MODE, .st_gid = group };
	int r = trusted_file_status(path, &status);

	if (r < 0 && r != -ENOENT)
		return reason_errno(why, r, "Cannot look at %s", path);
	r = atomic_file_stage(&file, path, status.st_mode & 0777, status.st_gid, length, why);
	if (r == 0)
		r = atomic_file_commit(&file, text, length, NULL, why);
	return r > 0 ? -EIO : r; /* it may be lost in a power failure: nobody may rely on it */
}

int enroll_tokens_store(struct enroll_tokens *tokens, gid_t group, struct reason *why)
{
	char *text = NULL;
	size_t length = 0;
	int r;

	if (!tokens->is_changed)
		return 0;
	r = enroll_tokens_format(&text, &length, tokens);
	if (r < 0)
		(void)reason_errno(why, r, "Cannot write %s", tokens->path);
	else
		r = replace(tokens->path, group, text, length, why);
	if (text)
		explicit_bzero(text, length);
	free(text);
	if (r < 0) {
		enroll_tokens_clear(tokens);
		return r;
	}
	tokens->is_changed = false;
	if (stat(tokens->path, &tokens->known) < 0)
		tokens->known.st_ino = 0;
	return 0;
}

bool enroll_tokens_are_exposed(const struct enroll_tokens *tokens)
{
	return tokens->known.st_mode & S_IROTH;
}
