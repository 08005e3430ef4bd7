/* SPDX-License-Identifier: ISC */
#include "common/trusted-file.h"

#include "common/cleanup.h"
#include "common/directory.h"
#include "common/io.h"

#include <fcntl.h>
#include <string.h>

/* ------------------------------------------------------------------ what is refused */

static const char *kind_of(mode_t mode)
{
	return S_ISDIR(mode)    ? "a directory"
	       : S_ISFIFO(mode) ? "a named pipe"
	       : S_ISSOCK(mode) ? "a socket"
				: "a device";
}

/* How a message calls the file: "PATH", or "the ROLE PATH". */
struct subject {
	const char *the, *role, *space, *path;
};

#define SUBJECT "%s%s%s%s"
#define SUBJECT_WORDS(words) (words).the, (words).role, (words).space, (words).path

static struct subject subject_of(const struct trusted_file *wanted, const char *the)
{
	return wanted->role ? (struct subject){ the, wanted->role, " ", wanted->path }
			    : (struct subject){ "", "", "", wanted->path };
}

static int cannot_open(const struct trusted_file *wanted, int error, struct reason *why)
{
	struct subject subject = subject_of(wanted, "the ");
	bool reads = (wanted->flags & O_ACCMODE) == O_RDONLY;

	return reason_errno(why, error, "Cannot %s " SUBJECT "%s", reads ? "read" : "open",
			    SUBJECT_WORDS(subject), reads ? "" : " for writing");
}

static int check_kind(const struct trusted_file *wanted, mode_t mode, struct reason *why)
{
	struct subject subject = subject_of(wanted, "The ");

	if (S_ISREG(mode))
		return 0;
	if (S_ISLNK(mode)) {
		reason_set(why,
			   SUBJECT " is a symbolic link, which is not followed for security; "
				   "replace it with the file itself",
			   SUBJECT_WORDS(subject));
		return -ELOOP;
	}
	reason_set(why, SUBJECT " is not a regular file, but %s; remove it", SUBJECT_WORDS(subject),
		   kind_of(mode));
	return -EINVAL;
}

int trusted_file_check_kind(const char *path, mode_t mode, struct reason *why)
{
	return check_kind(&(struct trusted_file){ .path = path }, mode, why);
}

static int check_size(const struct trusted_file *wanted, off_t size, struct reason *why)
{
	struct subject subject = subject_of(wanted, "The ");
	bool is_large = wanted->max >= TRUSTED_FILE_MIB;

	if (size <= wanted->max)
		return 0;
	reason_set(why, SUBJECT " is larger than %lld %s", SUBJECT_WORDS(subject),
		   (long long)(is_large ? wanted->max / TRUSTED_FILE_MIB : wanted->max),
		   is_large ? "MiB" : "bytes");
	return -EFBIG;
}

/* The owner of the directory and its group may do there what they like, but with their own. */
static bool is_of_directory(const struct stat *file, const struct stat *directory)
{
	return file->st_uid == directory->st_uid ||
	       (file->st_gid == directory->st_gid && directory->st_gid != 0);
}

static int check_owner(const struct trusted_file *wanted, const struct stat *file, int parent,
		       struct reason *why)
{
	struct subject subject = subject_of(wanted, "The ");
	struct stat directory;

	if (fstat(parent, &directory) < 0)
		return cannot_open(wanted, errno, why);
	if (!directory_is_shared(parent, &directory))
		return 0;
	if (directory_is_own_user(file->st_uid) && file->st_nlink > 1) {
		reason_set(why,
			   SUBJECT " has %u names (hard links), and others than root may make "
				   "names in its directory, so it may be any file; replace it with "
				   "a copy",
			   SUBJECT_WORDS(subject), (unsigned int)file->st_nlink);
		return -EPERM;
	}
	if (directory_is_own_user(file->st_uid) || is_of_directory(file, &directory))
		return 0;
	reason_set(why,
		   SUBJECT " belongs to user %u, to whom its directory does not belong, and others "
			   "than root may make files there; if the file is right: chown root %s",
		   SUBJECT_WORDS(subject), (unsigned int)file->st_uid, wanted->path);
	return -EPERM;
}

/*
 * A file outside the home of whoever has named it: root must have meant it to be what it is, and
 * nobody else may have put it there.
 */
static int check_is_roots(const struct trusted_file *wanted, const struct stat *file, int parent,
			  struct reason *why)
{
	struct subject subject = subject_of(wanted, "The ");
	struct stat directory;

	if (fstat(parent, &directory) < 0)
		return cannot_open(wanted, errno, why);
	if (directory_is_own_user(file->st_uid) && !(file->st_mode & (S_IWGRP | S_IWOTH)) &&
	    !directory_is_shared(parent, &directory))
		return 0;
	reason_set(why,
		   SUBJECT " is outside %s and may have been made by others than root; "
			   "make it and its directory root's, and writable for nobody else",
		   SUBJECT_WORDS(subject), wanted->home);
	return -EPERM;
}

static int check_stays_home(const struct trusted_file *wanted, struct reason *why)
{
	struct subject subject = subject_of(wanted, "The ");

	if (!wanted->stays_home || directory_has(wanted->home, wanted->path))
		return 0;
	reason_set(why, SUBJECT " is not below %s, and no other is read", SUBJECT_WORDS(subject),
		   wanted->home);
	return -EXDEV;
}

/* ------------------------------------------------------------------ opening */

static int flags_for(const struct trusted_file *wanted)
{
	return wanted->flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
}

/* What cannot be opened: what is it? */
static int explain(const struct trusted_file *wanted, int parent, const char *name, int error,
		   struct reason *why)
{
	struct stat status;
	int r = 0;

	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		r = check_kind(wanted, status.st_mode, why);
	return r < 0 ? r : cannot_open(wanted, error, why);
}

/* Where a stranger says what is opened, no device is: to open a watchdog is to start it. */
static int look_before_opening(const struct trusted_file *wanted, int parent, const char *name,
			       struct reason *why)
{
	struct stat status;

	if (!wanted->home)
		return 0;
	if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return cannot_open(wanted, errno, why);
	return check_kind(wanted, status.st_mode, why);
}

static int open_entry(const struct trusted_file *wanted, int parent, const char *name,
		      struct stat *ret, struct reason *why)
{
	cleanup_fd int fd = -1;
	int r = look_before_opening(wanted, parent, name, why);

	if (r < 0)
		return r;
	fd = openat(parent, name, flags_for(wanted) | O_CLOEXEC, wanted->mode);
	if (fd < 0)
		return explain(wanted, parent, name, errno, why);
	if (fstat(fd, ret) < 0)
		return cannot_open(wanted, errno, why);
	r = check_kind(wanted, ret->st_mode, why);
	return r < 0 ? r : take_fd(&fd);
}

/* What directory.h says of these is better than what could be said of the file. */
static bool has_own_reason(int error)
{
	return error == -ELOOP || error == -EXDEV;
}

/* By way of the directory, for links that may be followed and for what depends on the directory. */
static int open_in_parent(const struct trusted_file *wanted, struct stat *ret, struct reason *why)
{
	char name[NAME_MAX + 1];
	bool is_home = wanted->home && directory_has(wanted->home, wanted->path);
	cleanup_fd int parent =
		is_home ? directory_open_parent_below(wanted->home, wanted->path,
						      wanted->may_be_link, name, why)
			: directory_open_parent(wanted->path, wanted->may_be_link, name, why);
	cleanup_fd int fd = -1;
	int r;

	if (parent < 0)
		return has_own_reason(parent) ? parent : cannot_open(wanted, parent, why);
	fd = open_entry(wanted, parent, name, ret, why);
	if (fd < 0)
		return fd;
	r = wanted->home && !is_home ? check_is_roots(wanted, ret, parent, why)
				     : check_owner(wanted, ret, parent, why);
	return r < 0 ? r : take_fd(&fd);
}

/*
 * In one step, if that settles it: nearly always, unless the way there matters. Otherwise a
 * negative errno, without a reason.
 */
static int open_at_once(const struct trusted_file *wanted, struct stat *ret)
{
	cleanup_fd int fd = wanted->home
				    ? -EPERM
				    : directory_open_without_links(wanted->path,
								   flags_for(wanted) | O_CLOEXEC,
								   wanted->mode);

	if (fd < 0)
		return fd;
	if (fstat(fd, ret) < 0)
		return -errno;
	return S_ISREG(ret->st_mode) && ret->st_nlink == 1 && directory_is_own_user(ret->st_uid)
		       ? take_fd(&fd)
		       : -EPERM;
}

int trusted_file_open(const struct trusted_file *wanted, struct stat *ret, struct reason *why)
{
	struct stat status;
	cleanup_fd int fd = -1;
	int r = wanted->home ? check_stays_home(wanted, why) : 0;

	if (r < 0)
		return r;
	fd = open_at_once(wanted, &status);
	if (fd == -ENOENT)
		return cannot_open(wanted, ENOENT, why);
	if (fd < 0)
		fd = open_in_parent(wanted, &status, why);
	if (fd < 0)
		return fd;
	r = check_size(wanted, status.st_size, why);
	if (r < 0)
		return r;
	if (ret)
		*ret = status;
	return take_fd(&fd);
}

int trusted_file_read(const struct trusted_file *wanted, char **ret, size_t *ret_length,
		      struct stat *ret_status, struct reason *why)
{
	struct stat status;
	cleanup_fd int fd = trusted_file_open(wanted, &status, why);
	cleanup_free char *content = NULL;
	ssize_t length;

	if (fd < 0)
		return fd;
	content = malloc((size_t)status.st_size + 1);
	length = content ? io_read(fd, content, (size_t)status.st_size) : -ENOMEM;
	if (length < 0) {
		if (content)
			explicit_bzero(content, (size_t)status.st_size);
		return cannot_open(wanted, (int)length, why);
	}
	content[length] = '\0';
	*ret = take_pointer(content);
	*ret_length = (size_t)length;
	if (ret_status)
		*ret_status = status;
	return 0;
}

/* ------------------------------------------------------------------ entries */

int trusted_file_status(const char *path, struct stat *ret)
{
	cleanup_fd int fd = directory_open_without_links(path, O_PATH, 0), parent = -1;
	char name[NAME_MAX + 1];

	if (fd == -ENOENT || fd == -ENOTDIR)
		return fd;
	if (fd >= 0)
		return fstat(fd, ret) < 0 ? -errno : 0;
	parent = directory_open_parent(path, false, name, NULL);
	if (parent < 0)
		return parent;
	return fstatat(parent, name, ret, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int remove_entry(int parent, const char *name, const char *path, struct reason *why)
{
	if (parent == -ENOENT || parent == -ENOTDIR)
		return 0;
	if (parent < 0)
		return parent;
	if (unlinkat(parent, name, 0) < 0 && errno != ENOENT)
		return reason_errno(why, errno, "Cannot remove %s", path);
	return 0;
}

int trusted_file_remove(const char *path, struct reason *why)
{
	char name[NAME_MAX + 1];
	cleanup_fd int parent = directory_open_parent(path, false, name, why);

	return remove_entry(parent, name, path, why);
}

int trusted_file_remove_below(const char *home, const char *path, struct reason *why)
{
	char name[NAME_MAX + 1];
	cleanup_fd int parent = directory_open_parent_below(home, path, false, name, why);

	return remove_entry(parent, name, path, why);
}

int trusted_file_remove_all(const char *directory, const char *const *names, size_t count,
			    struct reason *why)
{
	cleanup_fd int fd = directory_open(directory, why);
	int r = 0;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0)
		return fd;
	for (size_t i = 0; i < count; i++)
		if (unlinkat(fd, names[i], 0) < 0 && errno != ENOENT && r == 0)
			r = reason_errno(why, errno, "Cannot remove %s/%s", directory, names[i]);
	return r;
}

int trusted_file_rename(const char *path, const char *name, struct reason *why)
{
	char old[NAME_MAX + 1];
	cleanup_fd int parent = directory_open_parent(path, false, old, why);

	if (parent < 0)
		return parent;
	if (renameat(parent, old, parent, name) < 0)
		return reason_errno(why, errno, "Cannot rename %s to %s", path, name);
	return 0;
}

static bool is_same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

bool trusted_file_is_same(const struct stat *now, const struct stat *before)
{
	return now->st_dev == before->st_dev && now->st_ino == before->st_ino &&
	       now->st_size == before->st_size && is_same_time(&now->st_mtim, &before->st_mtim) &&
	       is_same_time(&now->st_ctim, &before->st_ctim);
}
