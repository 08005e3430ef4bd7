/* SPDX-License-Identifier: ISC */
/* The part of agent-settings.h that is not pure: the file on the disk. */
#include "client/agent-files/agent-settings.h"

#include "common/cleanup.h"
#include "common/trusted-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

int agent_settings_load(struct agent_settings *ret, const char *directory, struct reason *why)
{
	cleanup_free char *path = NULL, *text = NULL;
	struct reason fault = { 0 };
	struct trusted_file wanted = {
		.flags = O_RDONLY,
		.max = AGENT_SETTINGS_FILE_MAX,
		.may_be_link = true,
	};
	size_t length;
	int generation, r;

	if (asprintf(&path, "%s/etc/ossec.conf", directory) < 0) {
		path = NULL;
		reason_set(why, "Out of memory");
		return -ENOMEM;
	}
	wanted.path = path;
	generation = agent_generation_detect(directory, why);
	if (generation < 0)
		return generation;
	r = trusted_file_read(&wanted, &text, &length, NULL, why);
	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	r = agent_settings_read(ret, text, length, (enum agent_generation)generation, &fault);
	if (r < 0) {
		reason_set(why, "%s, %s", path, fault.text);
		return r;
	}
	ret->path = take_pointer(path);
	return 1;
}
