/* SPDX-License-Identifier: ISC */
#include "common/directory.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LINKS_MAX 40 /* as in the kernel */

/* How far a path has been walked. */
struct walk {
	const char *path; /* for messages */
	int fd;           /* the directory reached so far */
	char rest[PATH_MAX];
	unsigned int links; /* that have been followed */
};

/* ------------------------------------------------------------------ links */

static bool is_own_user(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* Can nobody but root and the user of this process make or move entries in this directory? */
static bool is_own_directory(const struct stat *status)
{
	bool group = (status->st_mode & S_IWGRP) && status->st_gid != 0 &&
		     status->st_gid != getegid();

	return is_own_user(status->st_uid) &&
	       ((status->st_mode & S_ISVTX) || !(group || (status->st_mode & S_IWOTH)));
}

static int check_link(const struct walk *walk, const char *name, const struct stat *status,
		      struct reason *why)
{
	struct stat directory;

	if (fstat(walk->fd, &directory) < 0)
		return reason_errno(why, errno, "Cannot open %s", walk->path);
	if (is_own_user(status->st_uid) && is_own_directory(&directory))
		return 0;
	reason_set(why,
		   "%s leads through the symbolic link %s, which is not followed, "
		   "because a user other than root may have made it; make the link "
		   "and its directory root's, with nobody else allowed to write there",
		   walk->path, name);
	return -ELOOP;
}

/* Put the target of the link `fd` in front of the rest. */
static int follow_link(struct walk *walk, int fd)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t length = readlinkat(fd, "", target, sizeof target - 1);

	if (length < 0)
		return -errno;
	target[length] = '\0';
	memcpy(rest, walk->rest, sizeof rest);
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)snprintf(walk->rest, sizeof walk->rest, "%s/%.*s", target,
			     (int)strnlen(rest, sizeof rest), rest) >= sizeof walk->rest)
		return -ENAMETOOLONG;
	return 0;
}

/* ------------------------------------------------------------------ the walk */

static int go_to(struct walk *walk, int fd)
{
	if (fd < 0)
		return -errno;
	release_fd(&walk->fd);
	walk->fd = fd;
	return 0;
}

/* An absolute path, or an absolute target of a link, begins at the root. */
static int begin(struct walk *walk)
{
	return walk->rest[0] == '/' ? go_to(walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)) : 0;
}

/* Take the next name off the rest; empty: there is none. */
static void next_name(struct walk *walk, char ret[PATH_MAX])
{
	size_t slashes = strspn(walk->rest, "/"), length = strcspn(walk->rest + slashes, "/");

	memcpy(ret, walk->rest + slashes, length);
	ret[length] = '\0';
	memmove(walk->rest, walk->rest + slashes + length,
		strlen(walk->rest + slashes + length) + 1);
}

static int step(struct walk *walk, const char *name, struct reason *why)
{
	cleanup_fd int fd = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return reason_errno(why, errno, "Cannot open %s", walk->path);
	if (!S_ISLNK(status.st_mode))
		return go_to(walk, take_fd(&fd));
	r = check_link(walk, name, &status, why);
	if (r < 0)
		return r;
	r = follow_link(walk, fd);
	if (r == 0)
		r = begin(walk);
	return r < 0 ? reason_errno(why, r, "Cannot open %s", walk->path) : 0;
}

int directory_open(const char *path, struct reason *why)
{
	struct walk walk = { .path = path, .fd = -1 };
	char name[PATH_MAX];
	int r, fd = -1;

	if (strlen(path) >= sizeof walk.rest)
		return reason_errno(why, ENAMETOOLONG, "Cannot open %.100s...", path);
	strcpy(walk.rest, path);
	r = go_to(&walk, open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (r == 0)
		r = begin(&walk);
	if (r < 0)
		return reason_errno(why, r, "Cannot open %s", path);
	while (r == 0 && (next_name(&walk, name), *name))
		r = step(&walk, name, why);
	if (r == 0) {
		fd = openat(walk.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = fd < 0 ? reason_errno(why, errno, "Cannot open %s", path) : 0;
	}
	release_fd(&walk.fd);
	return r < 0 ? r : fd;
}

/* ------------------------------------------------------------------ a read-only directory */

int directory_explain(struct reason *why, int error, const char *path)
{
	cleanup_free char *resolved = NULL;
	size_t length;

	if (!why || error != -EROFS)
		return error;
	resolved = realpath(path, NULL);
	length = strlen(why->text);
	(void)snprintf(why->text + length, sizeof why->text - length,
		       "; make the file system writable, or, if it is only the sandbox of the unit "
		       "that is read-only, add ReadWritePaths=%s to the unit (systemctl edit)",
		       resolved ?: path);
	return error;
}

int directory_explain_file(struct reason *why, int error, const char *path)
{
	cleanup_free char *copy = strdup(path);

	return copy ? directory_explain(why, error, dirname(copy)) : error;
}
