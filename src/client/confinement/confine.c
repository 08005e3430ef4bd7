/* SPDX-License-Identifier: ISC */
#include "client/confinement/confine.h"

#include "client/confinement/landlock.h"
#include "client/confinement/syscall-filter.h"
#include "common/cleanup.h"
#include "common/close-range.h"
#include "common/privileges.h"
#include "common/secret.h"

#include <fcntl.h>
#include <string.h>

/* ------------------------------------------------------------------ descriptors */

/*
 * Nothing that was open stays open. The standard streams are not simply closed: the next socket
 * would take their place, and get what a library prints.
 */
static int keep_only(int fd)
{
	int null;

	/* first, so that what fails can be told there */
	if (fd != CONFINED_FD && dup3(fd, CONFINED_FD, O_CLOEXEC) < 0)
		return -errno;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	for (int stream = STDIN_FILENO; stream <= CONFINED_LAST_STREAM; stream++)
		if (dup2(null, stream) < 0)
			return -errno;
	return close_descriptors(CONFINED_FD + 1, INT_MAX);
}

/* ------------------------------------------------------------------ all of it */

int confine_process(int fd, struct reason *why)
{
	int r = keep_only(fd);

	secret_protect_process();
	if (r == 0)
		r = privileges_drop();
	if (r == 0)
		r = landlock_restrict();
	if (r == 0)
		r = syscall_filter_install();
	return r < 0 ? reason_errno(why, r, "Cannot confine the process that talks to the manager")
		     : 0;
}

const char *confine_gap(char buffer[static CONFINE_GAP_SIZE])
{
	int landlock = landlock_version(), filter = syscall_filter_check();
	const char *reason;

	if (landlock >= 0 && filter >= 0)
		return NULL;
	reason = strerrordesc_np(landlock < 0 ? -landlock : -filter);
	(void)snprintf(buffer, CONFINE_GAP_SIZE,
		       "The process that talks to the manager cannot be confined as it should be: "
		       "%s%s%s (%s)",
		       landlock < 0 ? "Landlock is missing, which limits the files it can read and "
				      "write (CONFIG_SECURITY_LANDLOCK, lsm=landlock)"
				    : "",
		       landlock < 0 && filter < 0 ? "; " : "",
		       filter < 0 ? "seccomp is missing, which limits its system calls "
				    "(CONFIG_SECCOMP_FILTER)"
				  : "",
		       reason ?: "unknown error");
	return buffer;
}
