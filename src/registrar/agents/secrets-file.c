/* SPDX-License-Identifier: ISC */
#include "common/atomic-file.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/trusted-file.h"
#include "registrar/agents/secrets-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MODE 0600
#define FILE_MAX (1024 * TRUSTED_FILE_MIB)
#define LINES_MORE 1000 /* than twice as many as there are agents: it is time to replace the file */
#define PIECE_SIZE 65536

/* ------------------------------------------------------------------ reading */

/* A last line without a newline is one that was not written to its end. */
static int read_lines(struct agent_secrets *secrets, const char *at, size_t size)
{
	const char *end = at + size, *newline;
	struct secret_line line;
	int r = 0;

	secrets->lines = 0;
	while (r == 0 && at < end && (newline = memchr(at, '\n', (size_t)(end - at)))) {
		secrets->lines++;
		if (secret_line_parse(&line, at, (size_t)(newline - at)) == 0)
			r = secrets_take_line(secrets, &line);
		at = newline + 1;
	}
	secrets->is_unterminated = at < end;
	explicit_bzero(&line, sizeof line);
	return r;
}

static int read_file(struct agent_secrets *secrets, struct reason *why)
{
	const struct trusted_file wanted = {
		.path = secrets->path,
		.flags = O_RDONLY,
		.max = FILE_MAX,
	};
	cleanup_free char *content = NULL;
	size_t length;
	int r = trusted_file_read(&wanted, &content, &length, &secrets->known, why);

	secrets->is_unterminated = false;
	secrets->lines = 0;
	if (r == -ENOENT)
		secrets->known = (struct stat){ .st_ino = 0 };
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = read_lines(secrets, content, length);
	explicit_bzero(content, length);
	return r < 0 ? reason_errno(why, r, "Cannot keep what %s has", secrets->path) : 0;
}

int agent_secrets_refresh(struct agent_secrets *secrets, struct reason *why)
{
	struct stat now = { .st_ino = 0 };
	int r;

	if (secrets->fd >= 0)
		return 0;
	r = trusted_file_status(secrets->path, &now);
	if (secrets->is_read && (r == 0 || r == -ENOENT) &&
	    trusted_file_is_same(&now, &secrets->known))
		return 0;
	secrets_forget(secrets);
	r = read_file(secrets, why);
	if (r < 0)
		secrets_forget(secrets);
	secrets->is_read = r == 0;
	return r;
}

/* ------------------------------------------------------------------ additions */

/* A new file is there after a crash, too, before anything in it counts. */
static int flush_directory(struct agent_secrets *secrets, struct reason *why)
{
	cleanup_free char *path = strdup(secrets->path);
	cleanup_fd int fd = path ? directory_open(dirname(path), why) : -ENOMEM;

	if (fd < 0)
		return fd == -ENOMEM ? reason_errno(why, fd, "Cannot use %s", secrets->path) : fd;
	if (fsync(fd) < 0)
		return reason_errno(why, errno, "Cannot flush the directory of %s to the disk",
				    secrets->path);
	secrets->is_unflushed = false;
	return 0;
}

int secrets_file_open(struct agent_secrets *secrets, struct reason *why)
{
	const struct trusted_file wanted = {
		.path = secrets->path,
		.flags = O_RDWR | O_APPEND | O_CREAT,
		.mode = FILE_MODE,
		.max = FILE_MAX,
	};
	struct stat status;
	int fd, r;

	if (secrets->fd >= 0)
		return 0;
	r = agent_secrets_refresh(secrets, why);
	fd = r == 0 ? trusted_file_open(&wanted, &status, why) : r;
	if (fd < 0)
		return fd;
	secrets->is_unflushed |= secrets->known.st_ino == 0;
	if (secrets->is_unflushed)
		r = flush_directory(secrets, why);
	if (r < 0) {
		close(fd);
		return r;
	}
	secrets->known = status;
	secrets->fd = fd;
	return 0;
}

/* What cannot be taken back is a line that is none, or one for a key that no agent has. */
static int give_up(struct agent_secrets *secrets, int error, const char *verb, struct reason *why)
{
	if (ftruncate(secrets->fd, secrets->known.st_size) < 0 || fdatasync(secrets->fd) < 0)
		secrets->is_read = false;
	secrets->is_read &= fstat(secrets->fd, &secrets->known) == 0;
	return reason_errno(why, error, "Cannot %s %s", verb, secrets->path);
}

static int append(struct agent_secrets *secrets, const char *data, size_t length,
		  struct reason *why)
{
	ssize_t written;

	do
		written = write(secrets->fd, data, length);
	while (written < 0 && errno == EINTR);

	if (written < 0)
		return give_up(secrets, errno, "append to", why);
	if ((size_t)written < length)
		return give_up(secrets, ENOSPC, "append to", why);
	return 0;
}

int agent_secrets_write(struct agent_secrets *secrets, struct reason *why)
{
	size_t lines = 0;
	int r = 0;

	if (secrets->text_length == 0)
		return 0;
	if (secrets->is_unterminated)
		r = append(secrets, "\n", 1, why);
	if (r == 0)
		r = append(secrets, secrets->text, secrets->text_length, why);
	if (r == 0 && fdatasync(secrets->fd) < 0)
		r = give_up(secrets, errno, "flush to the disk", why);
	if (r < 0)
		return r;
	for (size_t i = 0; i < secrets->text_length; i++)
		lines += secrets->text[i] == '\n';
	secrets->lines += lines + secrets->is_unterminated;
	secrets->is_unterminated = false;
	secrets->is_read &= fstat(secrets->fd, &secrets->known) == 0;
	return 0;
}

/* ------------------------------------------------------------------ replacing it */

bool secrets_file_is_long(const struct agent_secrets *secrets)
{
	return secrets->lines > 2 * roster_count(secrets->roster) + LINES_MORE;
}

/* The lines of one agent, the oldest first: each keeps those before it. */
static size_t format_all(char *ret, const struct agent_secret *secret)
{
	struct secret_line line = secret->line;
	size_t length = secret->next ? format_all(ret, secret->next) : 0;

	line.has_base = secret->next != NULL;
	if (line.has_base)
		line.base = secret->next->line.mark;
	length += secret_line_format(ret + length, &line);
	explicit_bzero(&line, sizeof line);
	return length;
}

static int write_all(const struct agent_secrets *secrets, struct atomic_file *file,
		     struct reason *why)
{
	cleanup_free char *piece = malloc(PIECE_SIZE);
	size_t used = 0;
	int r = piece ? 0 : reason_errno(why, ENOMEM, "Cannot rewrite %s", secrets->path);

	for (const struct secret_holder *at = secrets->holders; r == 0 && at; at = at->next) {
		if (!at->newest || !roster_find_agent(secrets->roster, at->id, NULL))
			continue;
		used += format_all(piece + used, at->newest);
		if (used < PIECE_SIZE - 2 * SECRET_LINE_SIZE)
			continue;
		r = atomic_file_write(file, piece, used, why);
		used = 0;
	}
	if (r == 0)
		r = atomic_file_write(file, piece, used, why);
	if (piece)
		explicit_bzero(piece, PIECE_SIZE);
	return r;
}

int secrets_file_compact(struct agent_secrets *secrets, struct reason *why)
{
	cleanup(atomic_file_discard) struct atomic_file file = ATOMIC_FILE_NULL;
	int r = atomic_file_stage(&file, secrets->path, FILE_MODE, (gid_t)-1, 0, why);

	if (r >= 0)
		r = write_all(secrets, &file, why);
	if (r >= 0)
		r = atomic_file_commit(&file, NULL, 0, NULL, why);
	secrets->is_unflushed |= r > 0; /* until there is something to add to it */
	secrets->is_read = false;       /* it is another file: read what is in it */
	return r < 0 ? r : agent_secrets_refresh(secrets, why);
}
