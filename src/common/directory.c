/* SPDX-License-Identifier: ISC */
#include "common/directory.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#endif

#define LINKS_MAX 40 /* as in the kernel */

/* How far a path has been walked. */
struct walk {
	const char *path; /* for messages */
	const char *home; /* that it must not lead out of; null: it may lead anywhere */
	int fd;           /* the directory reached so far */
	char rest[PATH_MAX];
	unsigned int links; /* that have been followed */
};

/* ------------------------------------------------------------------ links */

bool directory_is_own_user(uid_t uid)
{
	return uid == 0 || uid == geteuid();
}

/* An access list: then the bits of the group are those of everybody whom it names. */
static bool has_access_list(int fd)
{
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
}

bool directory_is_shared(int fd, const struct stat *status)
{
	if (!directory_is_own_user(status->st_uid) || (status->st_mode & S_IWOTH))
		return true;
	if (!(status->st_mode & S_IWGRP))
		return false;
	return (status->st_gid != 0 && status->st_gid != getegid()) || has_access_list(fd);
}

/* Whoever may make entries may not move those of others if the sticky bit is set. */
static int check_link(const struct walk *walk, const char *name, const struct stat *status,
		      struct reason *why)
{
	struct stat directory;

	if (fstat(walk->fd, &directory) < 0)
		return reason_errno(why, errno, "Cannot open %s", walk->path);
	if (directory_is_own_user(status->st_uid) &&
	    (!directory_is_shared(walk->fd, &directory) ||
	     (directory_is_own_user(directory.st_uid) && (directory.st_mode & S_ISVTX))))
		return 0;
	reason_set(why,
		   "%s leads through the symbolic link %s, which is not followed, because a user "
		   "other than root may have made it; name what it leads to, or make the link and "
		   "its directory root's, with nobody else allowed to write there",
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

/*
 * An absolute path, or an absolute target of a link, begins at the root; with a home, nothing is
 * followed to there, wherever it would lead in the end.
 */
static int begin(struct walk *walk)
{
	if (walk->rest[0] != '/')
		return 0;
	return walk->home ? -EXDEV : go_to(walk, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

static int leads_out(const struct walk *walk, struct reason *why)
{
	reason_set(why, "%s leads out of %s, which is not followed for security", walk->path,
		   walk->home);
	return -EXDEV;
}

static bool is_at_end(const struct walk *walk)
{
	return walk->rest[strspn(walk->rest, "/")] == '\0';
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

/* Follow the link `name`, which is open as `fd`, if it may be followed. */
static int step_through(struct walk *walk, const char *name, int fd, const struct stat *status,
			struct reason *why)
{
	int r = check_link(walk, name, status, why);

	if (r < 0)
		return r;
	r = follow_link(walk, fd);
	if (r == 0)
		r = begin(walk);
	if (r == -EXDEV)
		return leads_out(walk, why);
	return r < 0 ? reason_errno(why, r, "Cannot open %s", walk->path) : 0;
}

/* ".." is refused with a home, because a directory may be moved while it is walked through. */
static int step(struct walk *walk, const char *name, struct reason *why)
{
	cleanup_fd int fd = -1;
	struct stat status;

	if (walk->home && strcmp(name, "..") == 0)
		return leads_out(walk, why);
	fd = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return reason_errno(why, errno, "Cannot open %s", walk->path);
	return S_ISLNK(status.st_mode) ? step_through(walk, name, fd, &status, why)
				       : go_to(walk, take_fd(&fd));
}

static int start(struct walk *walk, const char *path, struct reason *why)
{
	int r;

	*walk = (struct walk){ .path = path, .fd = -1 };
	if (*path == '\0') /* not where we happen to be */
		return reason_errno(why, ENOENT, "Cannot open a directory without a name");
	if (strlen(path) >= sizeof walk->rest)
		return reason_errno(why, ENAMETOOLONG, "Cannot open %.100s...", path);
	strcpy(walk->rest, path);
	r = go_to(walk, open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (r == 0)
		r = begin(walk);
	return r < 0 ? reason_errno(why, r, "Cannot open %s", path) : 0;
}

static void stop(struct walk *walk)
{
	release_fd(&walk->fd);
}

/* Where the walk has led, opened with these flags. */
static int open_reached(const struct walk *walk, int flags, struct reason *why)
{
	int fd = openat(walk->fd, ".", flags | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? reason_errno(why, errno, "Cannot open %s", walk->path) : fd;
}

static int walk_to_directory(const char *path, int flags, struct reason *why)
{
	cleanup(stop) struct walk walk;
	char name[PATH_MAX];
	int r = start(&walk, path, why);

	while (r == 0 && (next_name(&walk, name), *name))
		r = step(&walk, name, why);
	return r < 0 ? r : open_reached(&walk, flags, why);
}

/* ------------------------------------------------------------------ opening */

int directory_open_without_links(const char *path, int flags, mode_t mode)
{
#ifdef RESOLVE_NO_SYMLINKS
	const struct open_how how = {
		.flags = (uint64_t)(flags | O_NOFOLLOW | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);

	return fd < 0 ? -errno : (int)fd;
#else
	(void)path, (void)flags, (void)mode;
	return -ENOSYS;
#endif
}

int directory_open(const char *path, struct reason *why)
{
	int fd = directory_open_without_links(path, O_RDONLY | O_DIRECTORY, 0);

	if (fd == -ENOENT) /* what is missing without links is not behind one */
		return reason_errno(why, ENOENT, "Cannot open %s", path);
	return fd >= 0 ? fd : walk_to_directory(path, O_RDONLY, why);
}

DIR *directory_list(const char *path, struct reason *why)
{
	cleanup_fd int fd = directory_open(path, why);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (stream)
		(void)take_fd(&fd);
	else if (fd >= 0)
		(void)reason_errno(why, errno, "Cannot read %s", path);
	return stream;
}

bool directory_exists(const char *path)
{
	cleanup_fd int fd = directory_open_without_links(path, O_PATH | O_DIRECTORY, 0);

	if (fd < 0 && fd != -ENOENT)
		fd = walk_to_directory(path, O_PATH, NULL);
	return fd >= 0;
}

/* Is the last name a link, and has it been followed? Returns 1: yes, so there is another last. */
static int follow_last(struct walk *walk, const char *name, struct reason *why)
{
	cleanup_fd int fd = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0 || !S_ISLNK(status.st_mode))
		return 0;
	r = step_through(walk, name, fd, &status, why);
	return r < 0 ? r : 1;
}

/*
 * As directory_open_parent() where there is no link before the last name, in one call. Returns a
 * negative errno where there may be one, or nothing is there.
 */
static int open_parent_at_once(const char *path, char ret_name[static NAME_MAX + 1])
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t length = slash ? (size_t)(slash - path) : 0;
	char directory[PATH_MAX];
	int fd;

	if (length == 0 || length >= sizeof directory || !*name || strlen(name) > NAME_MAX)
		return -EINVAL;
	memcpy(directory, path, length);
	directory[length] = '\0';
	fd = directory_open_without_links(directory, O_RDONLY | O_DIRECTORY, 0);
	if (fd >= 0)
		strcpy(ret_name, name);
	return fd;
}

/* From where the walk stands to the directory that the last name is in. */
static int walk_to_parent(struct walk *walk, bool follows, char ret_name[static NAME_MAX + 1],
			  struct reason *why)
{
	char name[PATH_MAX];
	int r = 0;

	while (r >= 0) {
		next_name(walk, name);
		if (!is_at_end(walk))
			r = step(walk, name, why);
		else if (!follows || (r = follow_last(walk, name, why)) == 0)
			break;
	}
	if (r < 0)
		return r;
	if (walk->home && strcmp(name, "..") == 0)
		return leads_out(walk, why);
	if (strlen(name) > NAME_MAX)
		return reason_errno(why, ENAMETOOLONG, "Cannot open %.100s...", walk->path);
	strcpy(ret_name, *name ? name : "."); /* "/" */
	return open_reached(walk, O_RDONLY, why);
}

int directory_open_parent(const char *path, bool follows, char ret_name[static NAME_MAX + 1],
			  struct reason *why)
{
	cleanup(stop) struct walk walk = { .fd = -1 };
	int r = follows ? -EINVAL : open_parent_at_once(path, ret_name);

	if (r >= 0)
		return r;
	r = start(&walk, path, why);
	return r < 0 ? r : walk_to_parent(&walk, follows, ret_name, why);
}

/* What is behind HOME/ in the path; null: nothing. */
static const char *below(const char *home, const char *path)
{
	size_t length = strlen(home);

	while (length > 0 && home[length - 1] == '/')
		length--;
	if (strncmp(path, home, length) != 0 || path[length] != '/')
		return NULL;
	path += length + strspn(path + length, "/");
	return *path ? path : NULL;
}

bool directory_has(const char *home, const char *path)
{
	return below(home, path) != NULL;
}

int directory_open_parent_below(const char *home, const char *path, bool follows,
				char ret_name[static NAME_MAX + 1], struct reason *why)
{
	cleanup(stop) struct walk walk = { .path = path, .home = home, .fd = -1 };
	const char *rest = below(home, path);

	if (!rest)
		return leads_out(&walk, why);
	if (strlen(rest) >= sizeof walk.rest)
		return reason_errno(why, ENAMETOOLONG, "Cannot open %.100s...", path);
	strcpy(walk.rest, rest);
	walk.fd = directory_open(home, why);
	return walk.fd < 0 ? walk.fd : walk_to_parent(&walk, follows, ret_name, why);
}

/* ------------------------------------------------------------------ a read-only directory */

int directory_explain(struct reason *why, int error, const char *path)
{
	cleanup_free char *resolved = NULL;

	if (!why || error != -EROFS)
		return error;
	resolved = realpath(path, NULL);
	reason_append(why,
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
