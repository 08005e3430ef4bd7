/* SPDX-License-Identifier: ISC */
#include "common/service-name.h"

#include "common/cleanup.h"

#include <stdio.h>
#include <string.h>

bool service_name(char ret[static NAME_MAX + 1])
{
	static const char ending[] = ".service";
	cleanup_file FILE *file = fopen("/proc/self/cgroup", "re");
	cleanup_free char *line = NULL;
	size_t allocated = 0;

	while (file && getline(&line, &allocated, file) > 0) {
		const char *name = strrchr(line, '/');
		size_t length = name ? strcspn(++name, "\n") : 0;

		if (length <= strlen(ending) || length > NAME_MAX ||
		    strncmp(name + length - strlen(ending), ending, strlen(ending)) != 0)
			continue;
		memcpy(ret, name, length);
		ret[length] = '\0';
		return true;
	}
	return false;
}
