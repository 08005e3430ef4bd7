/* SPDX-License-Identifier: ISC */
/* Reading the key file, as the agents do. */
#include "client/agent-files/keystore.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "common/io.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)64 * 1024 * 1024) /* the size of a manager's file with a million agents */

/* ------------------------------------------------------------------ the content */

/*
 * Do the agents skip this line? They skip blank lines, comments, and entries marked as removed
 * ("001 !name ...", "001 #*#*...").
 */
static bool is_skipped(const char *line, size_t length)
{
	const char *space = memchr(line, ' ', length);

	if (length == 0 || line[0] == '#' || line[0] == ' ' || line[0] == '\r')
		return true;
	return space && space + 1 < line + length && (space[1] == '!' || space[1] == '#');
}

/*
 * A record without a line end may be the truncated rest of a longer one after a power failure,
 * unless its key has the usual length: then it is complete, and the agents accept it.
 */
static int judge_record(struct agent_key *ret, const char *line, size_t length, bool ended,
			const char *path, struct reason *why)
{
	struct agent_key key;
	enum agent_key_fault fault = agent_key_parse(&key, line, length);
	int state = KEYSTORE_TORN;

	if (fault != AGENT_KEY_OK)
		reason_set(why, "%s contains no usable record: %s", path,
			   agent_key_fault_text(fault));
	else if (!ended && !agent_key_is_usual(&key))
		reason_set(why, "%s is truncated in the middle of a record", path);
	else {
		*ret = key;
		state = KEYSTORE_KEY;
	}
	agent_key_wipe(&key);
	return state;
}

int keystore_judge(struct agent_key *ret, const char *text, size_t length, const char *path,
		   struct reason *why)
{
	while (length > 0) {
		const char *newline = memchr(text, '\n', length);
		size_t line = newline ? (size_t)(newline - text) : length;

		if (!is_skipped(text, line))
			return judge_record(ret, text, line, newline, path, why);
		if (!newline)
			break;
		text += line + 1;
		length -= line + 1;
	}
	return KEYSTORE_MISSING;
}

/* ------------------------------------------------------------------ the file */

int keystore_open_file(const char *path, struct stat *ret_status, struct reason *why)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 || fstat(fd, ret_status) < 0)
		return reason_errno(why, errno, "Cannot read %s", path);
	if (!S_ISREG(ret_status->st_mode)) {
		reason_set(why, "%s is not a regular file", path);
		return -EINVAL;
	}
	if ((uintmax_t)ret_status->st_size > FILE_MAX) {
		reason_set(why, "%s is too large for a key file", path);
		return -EFBIG;
	}
	return take_fd(&fd);
}

int keystore_read(const struct keystore *store, struct agent_key *ret, struct reason *why)
{
	struct stat status;
	cleanup_fd int fd = keystore_open_file(store->path, &status, why);
	cleanup_free char *text = NULL;
	ssize_t length;
	int state;

	if (fd < 0)
		return fd == -ENOENT ? KEYSTORE_MISSING : fd;
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return reason_errno(why, ENOMEM, "Cannot read %s", store->path);
	length = io_read(fd, text, (size_t)status.st_size);
	if (length < 0)
		return reason_errno(why, (int)length, "Cannot read %s", store->path);
	state = keystore_judge(ret, text, (size_t)length, store->path, why);
	explicit_bzero(text, (size_t)length);
	return state;
}

/* Escaped, because the agent's user may have made the link. */
char *keystore_link_target(const struct keystore *store)
{
	char target[PATH_MAX], shown[4 * PATH_MAX];
	ssize_t length = readlink(store->path, target, sizeof target - 1);
	cleanup_free char *resolved = NULL;

	if (length < 0)
		return NULL;
	target[length] = '\0';
	resolved = realpath(store->path, NULL);
	return strdup(escape_string(shown, sizeof shown, resolved ?: target));
}
