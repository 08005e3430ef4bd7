/* SPDX-License-Identifier: ISC */
#include "client/commands/confirm.h"

#include "client/registration/policy.h"
#include "common/deadline.h"
#include "common/log.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int confirm_at_terminal(int stop_fd)
{
	struct deadline forever = { USEC_INFINITY, stop_fd };
	char answer[16] = "";
	int r;

	if (!isatty(STDIN_FILENO)) {
		log_error("Not a terminal; use --yes");
		return EXIT_USAGE;
	}
	printf("Type yes to continue: ");
	(void)fflush(stdout);
	r = deadline_wait(&forever, STDIN_FILENO, POLLIN);
	if (r < 0)
		return r;
	if (fgets(answer, sizeof answer, stdin) && strcmp(answer, "yes\n") == 0)
		return 0;
	printf("Nothing was changed.\n");
	return 1;
}
