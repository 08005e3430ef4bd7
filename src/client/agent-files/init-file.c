/* SPDX-License-Identifier: ISC */
#include "client/agent-files/init-file.h"

#include "common/cleanup.h"
#include "common/shortage.h"
#include "common/trusted-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define INIT_FILE "/etc/ossec-init.conf"

/* Copy the value of a line NAME=VALUE or NAME="VALUE" to `ret`; leave that alone for others. */
static void take_value(const char *line, const char *name, char *ret, size_t size)
{
	size_t length = strlen(name);
	const char *value = line + length + 1, *end = " \t\r\n";

	if (strncmp(line, name, length) != 0 || line[length] != '=')
		return;
	if (*value == '"' || *value == '\'')
		end = *value++ == '"' ? "\"\n" : "'\n";
	(void)snprintf(ret, size, "%.*s", (int)strcspn(value, end), value);
}

/* 1: read; 0: there is none; or a negative errno with `why` set. `ret->path` is the file. */
static int read_file(struct init_file *ret, struct reason *why)
{
	const struct trusted_file wanted = {
		.path = ret->path,
		.flags = O_RDONLY,
		.max = TRUSTED_FILE_MIB,
		.may_be_link = true, /* the one in /etc is, with packages of Wazuh */
	};
	cleanup_fd int fd = trusted_file_open(&wanted, NULL, NULL);
	cleanup_file FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	int error = fd < 0 ? fd : -ENOMEM;
	char line[PATH_MAX + 64];

	if (!file)
		return is_shortage(error) ? reason_errno(why, error, "Cannot look at %s", ret->path)
					  : 0;
	(void)take_fd(&fd);
	while (fgets(line, sizeof line, file)) {
		take_value(line, "DIRECTORY", ret->directory, sizeof ret->directory);
		take_value(line, "NAME", ret->name, sizeof ret->name);
		take_value(line, "VERSION", ret->version, sizeof ret->version);
		take_value(line, "TYPE", ret->type, sizeof ret->type);
	}
	return 1;
}

static bool is_same_directory(const char *one, const char *other)
{
	struct stat first, second;

	return strcmp(one, other) == 0 ||
	       (stat(one, &first) == 0 && stat(other, &second) == 0 &&
		first.st_dev == second.st_dev && first.st_ino == second.st_ino);
}

int init_file_read(struct init_file *ret, const char *directory, struct reason *why)
{
	struct init_file found = { 0 };
	int r;

	if ((size_t)snprintf(found.path, sizeof found.path, "%s" INIT_FILE, directory) >=
	    sizeof found.path)
		return 0;
	r = read_file(&found, why);
	if (r == 0) {
		found = (struct init_file){ .path = INIT_FILE };
		r = read_file(&found, why);
		/* it describes one installation, which may not be the one in `directory` */
		if (r > 0 && found.directory[0] && !is_same_directory(found.directory, directory))
			return 0;
	}
	if (r > 0)
		*ret = found;
	return r;
}
