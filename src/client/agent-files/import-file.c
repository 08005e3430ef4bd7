/* SPDX-License-Identifier: ISC */
#include "client/agent-files/import-file.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "common/exported-key.h"

#include <fcntl.h>
#include <string.h>

int import_file_read(struct agent_key *ret, const char *path, const struct deadline *deadline,
		     struct reason *why)
{
	cleanup_fd int fd = path ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
				 : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	struct reason fault = { 0 };
	char text[EXPORTED_KEY_MAX + 1], shown[512] = "standard input";
	ssize_t length;
	int r;

	if (path)
		escape_string(shown, sizeof shown, path);
	if (fd < 0)
		return reason_errno(why, errno, "Cannot read the key from %s", shown);
	/* to the end, or one byte more than the maximum */
	length = deadline_read(deadline, fd, text, sizeof text);
	if (length < 0)
		return length == -ECANCELED ? -ECANCELED
					    : reason_errno(why, (int)length,
							   "Cannot read the key from %s", shown);
	r = exported_key_parse(ret, text, (size_t)length, &fault);
	explicit_bzero(text, sizeof text);
	if (r < 0)
		reason_set(why, "%c%s %s", path ? shown[0] : 'S', shown + 1, fault.text);
	return r;
}
