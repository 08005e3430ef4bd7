/* SPDX-License-Identifier: ISC */
#include "client/confinement/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Those that a program could regain that is executed by root. To drop them takes CAP_SETPCAP, which
 * the service does not have; without it they stay, and mean nothing beside PR_SET_NO_NEW_PRIVS.
 */
static void drop_bounding_set(void)
{
	for (unsigned long number = 0; prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0; number++)
		(void)prctl(PR_CAPBSET_DROP, number, 0, 0, 0);
}

int privileges_drop(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	drop_bounding_set();
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}
