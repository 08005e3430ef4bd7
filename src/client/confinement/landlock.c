/* SPDX-License-Identifier: ISC */
#include "client/confinement/landlock.h"

#include "common/cleanup.h"
#include "common/shortage.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/*
 * The interface of the kernel (linux/landlock.h), of which distributions have the header of another
 * version than the kernel.
 */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define CREATE_RULESET_VERSION 1u
#define RULE_PATH_BENEATH 1
#define ACCESS_FS_READ_FILE (UINT64_C(1) << 2)
#define ACCESS_FS_READ_DIR (UINT64_C(1) << 3)
#define ACCESS_NET_BIND_TCP UINT64_C(1)
#define SCOPE_ABSTRACT_UNIX_SOCKET UINT64_C(1)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

struct ruleset_attributes {
	uint64_t handled_access_fs, handled_access_net, scoped;
};

struct path_beneath {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

/*
 * All that is handled is forbidden, but for the rules: by a version all of what it knows. (To
 * connect is what the process is for.)
 */
static const struct ruleset_attributes handled[] = {
	{ (UINT64_C(1) << 13) - 1, 0, 0 }, /* version 1 */
	{ (UINT64_C(1) << 14) - 1, 0, 0 }, /* and moving between directories */
	{ (UINT64_C(1) << 15) - 1, 0, 0 }, /* and truncating */
	{ (UINT64_C(1) << 15) - 1, ACCESS_NET_BIND_TCP, 0 },
	{ (UINT64_C(1) << 16) - 1, ACCESS_NET_BIND_TCP, 0 }, /* and ioctl(2) of devices */
	{ (UINT64_C(1) << 16) - 1, ACCESS_NET_BIND_TCP, SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL },
};
#define VERSIONS (sizeof handled / sizeof handled[0])

/*
 * What can be read: a directory with all in it, or a file. Some are links, or are missing. Not the
 * directory of NetworkManager, which has the passwords of wireless networks in it.
 */
static const char *const readable[] = {
	"/usr/lib",
	"/usr/lib64",
	"/usr/local/lib",
	"/lib",
	"/lib64",
	"/etc/ld.so.cache",
	"/etc/resolv.conf",
	"/etc/hosts",
	"/etc/host.conf",
	"/etc/nsswitch.conf",
	"/etc/gai.conf",
	"/run/systemd/resolve",
	"/run/resolvconf",
	"/run/NetworkManager/resolv.conf",
	"/run/NetworkManager/no-stub-resolv.conf",
};

int landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);

	return version < 0 ? -errno : (int)version;
}

static int allow_reading(int ruleset, const char *path)
{
	cleanup_fd int fd = open(path, O_PATH | O_CLOEXEC);
	struct path_beneath rule = { .parent_fd = fd, .allowed_access = ACCESS_FS_READ_FILE };
	struct stat status;

	if (fd < 0) /* a file that comes later is for the next attempt */
		return is_shortage(errno) ? -errno : 0;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISDIR(status.st_mode))
		rule.allowed_access |= ACCESS_FS_READ_DIR;
	return syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0) < 0 ? -errno
											: 0;
}

int landlock_restrict(void)
{
	int version = landlock_version(), r = 0;
	const struct ruleset_attributes *attributes;
	cleanup_fd int ruleset = -1;

	if (version < 1)
		return 0;
	attributes = &handled[(size_t)version < VERSIONS ? (size_t)version - 1 : VERSIONS - 1];
	ruleset = (int)syscall(SYS_landlock_create_ruleset, attributes, sizeof *attributes, 0);
	if (ruleset < 0)
		return -errno;
	for (size_t i = 0; r == 0 && i < sizeof readable / sizeof readable[0]; i++)
		r = allow_reading(ruleset, readable[i]);
	if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		r = -errno;
	return r;
}
