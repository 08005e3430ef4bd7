/* SPDX-License-Identifier: ISC */
/*
 * Preloaded into a program: where it would rename a file to the name that is in the environment
 * variable DIE_AT, it is killed, as by a power failure; once, as long as /run/died does not exist.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int renameat(int old_directory, const char *old, int new_directory, const char *new)
{
	int (*next)(int, const char *, int, const char *) = dlsym(RTLD_NEXT, "renameat");
	const char *name = getenv("DIE_AT");

	if (name && strcmp(new, name) == 0 && access("/run/agent-register/died", F_OK) < 0) {
		int fd = open("/run/agent-register/died", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

		if (fd >= 0)
			(void)raise(SIGKILL);
	}
	return next(old_directory, old, new_directory, new);
}
