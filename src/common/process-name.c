/* SPDX-License-Identifier: ISC */
#include "common/process-name.h"

#include "common/cleanup.h"

#include <stdio.h>
#include <string.h>

bool process_name_read(char ret[static PROCESS_NAME_SIZE], pid_t pid)
{
	char path[64];
	cleanup_file FILE *file = NULL;

	(void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	file = fopen(path, "re");
	if (!file || !fgets(ret, PROCESS_NAME_SIZE, file)) {
		ret[0] = '\0';
		return false;
	}
	ret[strcspn(ret, "\n")] = '\0';
	return true;
}
