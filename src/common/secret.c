/* SPDX-License-Identifier: ISC */
#include "common/secret.h"

#include "common/cleanup.h"
#include "common/io.h"
#include "common/trusted-file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The fault of the line, or null. */
static const char *fault_of(const char *text, size_t length)
{
	if (length == 0)
		return "is empty";
	if (io_is_utf16(text, length))
		return "is UTF-16; save it as UTF-8 or ASCII";
	if (memchr(text, '\0', length))
		return "contains a NUL byte";
	if (memchr(text, '\n', length))
		return "contains more than one line";
	if (text[length - 1] == '\r')
		return "ends in a carriage return; convert it to Unix line endings";
	return NULL;
}

/*
 * Check and copy the text, without byte order mark and newline. `where` is "file PATH" or the like.
 * The caller wipes the text.
 */
static int judge(struct secret *ret, const char *role, const char *where, const char *text,
		 size_t length, size_t maximum, struct reason *why)
{
	size_t mark = io_mark_length(text, length);
	const char *fault;

	text += mark;
	length -= mark;
	if (length > 0 && text[length - 1] == '\n')
		length--;
	if (length > maximum) {
		reason_set(why, "The %s %s is longer than %zu bytes", role, where, maximum);
		return -EINVAL;
	}
	fault = fault_of(text, length);
	if (fault) {
		reason_set(why, "The %s %s %s", role, where, fault);
		return -EINVAL;
	}
	ret->text = strndup(text, length);
	ret->length = length;
	return ret->text ? 0 : reason_errno(why, ENOMEM, "Cannot keep the %s", role);
}

/* The room for a text of that size: mark and newline, and one byte to detect a longer one. */
static size_t room_for(size_t maximum)
{
	return maximum + 5;
}

/* How a secret is read: secret_read() and the others of its kind. */
struct way {
	const char *home;
	size_t maximum;
	bool first_line;
};

static int read_secret(struct secret *ret, const struct way *way, const char *role,
		       const char *path, struct reason *why)
{
	char title[64], where[PATH_MAX + sizeof "file "];
	const struct trusted_file wanted = {
		.path = path,
		.role = title,
		.flags = O_RDONLY,
		.max = INT64_MAX,
		.may_be_link = true,
		.home = way->home,
		.stays_home = true,
	};
	cleanup_fd int fd = -1;
	size_t size = room_for(way->maximum);
	cleanup_free char *buffer = NULL;
	const char *newline;
	ssize_t length;
	int r;

	(void)snprintf(title, sizeof title, "%s file", role);
	(void)snprintf(where, sizeof where, "file %s", path);
	fd = trusted_file_open(&wanted, NULL, why);
	if (fd < 0)
		return fd;
	buffer = malloc(size);
	if (!buffer)
		return reason_errno(why, ENOMEM, "Cannot read the %s file %s", role, path);
	length = io_read(fd, buffer, size);
	newline = way->first_line && length > 0 ? memchr(buffer, '\n', (size_t)length) : NULL;
	if (newline)
		length = newline + 1 - buffer;
	r = length < 0 ? reason_errno(why, (int)length, "Cannot read the %s file %s", role, path)
		       : judge(ret, role, where, buffer, (size_t)length, way->maximum, why);
	explicit_bzero(buffer, size);
	return r;
}

int secret_read(struct secret *ret, const char *role, const char *path, struct reason *why)
{
	return read_secret(ret, &(struct way){ .maximum = SECRET_MAX }, role, path, why);
}

int secret_read_below(struct secret *ret, const char *home, const char *role, const char *path,
		      struct reason *why)
{
	const struct way way = { .home = home, .maximum = SECRET_MAX, .first_line = true };

	return read_secret(ret, &way, role, path, why);
}

int secret_read_long(struct secret *ret, const char *role, const char *path, size_t maximum,
		     struct reason *why)
{
	return read_secret(ret, &(struct way){ .maximum = maximum }, role, path, why);
}

int secret_read_input(struct secret *ret, const char *role, size_t maximum,
		      const struct deadline *deadline, struct reason *why)
{
	size_t size = room_for(maximum);
	cleanup_free char *buffer = malloc(size);
	ssize_t length = buffer ? deadline_read(deadline, STDIN_FILENO, buffer, size) : -ENOMEM;
	int r;

	if (length == -ECANCELED)
		r = -ECANCELED;
	else if (length < 0)
		r = reason_errno(why, (int)length, "Cannot read the %s from standard input", role);
	else
		r = judge(ret, role, "on standard input", buffer, (size_t)length, maximum, why);
	if (buffer)
		explicit_bzero(buffer, size);
	return r;
}

int secret_read_first_line(struct secret *ret, const char *role, const char *path,
			   struct reason *why)
{
	return read_secret(ret, &(struct way){ .maximum = SECRET_MAX, .first_line = true }, role,
			   path, why);
}

int secret_file_is_exposed(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && (status.st_mode & S_IROTH);
}

int secret_set(struct secret *secret, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -ENOMEM;
	secret_wipe(secret);
	*secret = (struct secret){ .text = copy, .length = copy ? strlen(copy) : 0 };
	return 0;
}

void secret_wipe(struct secret *secret)
{
	if (secret->text)
		explicit_bzero(secret->text, secret->length);
	free(secret->text);
	*secret = (struct secret){ 0 };
}

void *secret_realloc(void *old, size_t old_size, size_t size)
{
	void *grown = malloc(size);

	if (grown && old) {
		memcpy(grown, old, old_size);
		explicit_bzero(old, old_size);
		free(old);
	}
	return grown;
}

void secret_protect_process(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}
