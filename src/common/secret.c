/* SPDX-License-Identifier: ISC */
#include "common/secret.h"

#include "common/cleanup.h"
#include "common/io.h"

#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* What is wrong with the line, or null. */
static const char *fault_of(const char *text, size_t length)
{
	if (length == 0)
		return "is empty";
	if (length > SECRET_MAX)
		return "is longer than 4094 bytes";
	if (memchr(text, '\0', length))
		return "holds a NUL byte";
	if (memchr(text, '\n', length))
		return "holds more than one line";
	if (text[length - 1] == '\r')
		return "ends in a carriage return; convert it to Unix line ends";
	return NULL;
}

int secret_read(struct secret *ret, const char *role, const char *path, struct reason *why)
{
	char buffer[SECRET_MAX + 2]; /* one newline, and one byte to notice that there is more */
	cleanup_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat status;
	const char *fault;
	ssize_t length;
	int r = 0;

	if (fd < 0 || fstat(fd, &status) < 0)
		return reason_errno(why, errno, "Cannot read the %s file %s", role, path);
	if (!S_ISREG(status.st_mode)) {
		reason_set(why, "The %s file %s is not a regular file", role, path);
		return -EINVAL;
	}
	length = io_read(fd, buffer, sizeof buffer);
	if (length < 0)
		return reason_errno(why, (int)length, "Cannot read the %s file %s", role, path);
	if (length > 0 && buffer[length - 1] == '\n')
		length--;

	fault = fault_of(buffer, (size_t)length);
	if (fault) {
		reason_set(why, "The %s file %s %s", role, path, fault);
		r = -EINVAL;
	} else {
		ret->text = strndup(buffer, (size_t)length);
		ret->length = (size_t)length;
		if (!ret->text)
			r = reason_errno(why, ENOMEM, "Cannot keep the %s", role);
	}
	explicit_bzero(buffer, sizeof buffer);
	return r;
}

int secret_file_is_exposed(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && (status.st_mode & S_IROTH);
}

void secret_wipe(struct secret *secret)
{
	if (secret->text)
		explicit_bzero(secret->text, secret->length);
	free(secret->text);
	*secret = (struct secret){ 0 };
}

void secret_protect_process(void)
{
	const struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
}
