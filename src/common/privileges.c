/* SPDX-License-Identifier: ISC */
#include "common/privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The call can be forbidden to who has nothing to give up. What is inheritable alone, as all that a
 * unit of root's may have is for systemd 257, gives nothing to who gains nothing by executing.
 */
static bool has_none(struct __user_cap_header_struct *header)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, header, data) < 0)
		return false;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if (data[i].permitted != 0)
			return false;
	return true;
}

int privileges_drop(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	int r;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* executed programs of root gain none; that takes CAP_SETPCAP, and says the same again */
	(void)prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0);
	r = syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
	return r < 0 && has_none(&header) ? 0 : r;
}
