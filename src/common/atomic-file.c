/* SPDX-License-Identifier: ISC */
#include "common/atomic-file.h"

#include "common/cleanup.h"
#include "common/directory.h"
#include "common/io.h"
#include "common/target-file.h"
#include "common/trusted-file.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define COPY_AT_ONCE ((size_t)64 * 1024)

/* Split `path` into an open directory and a name; on failure the caller discards `file`. */
static int open_directory_of(struct atomic_file *file, const char *path, struct reason *why)
{
	cleanup_free char *for_directory = strdup(path);
	const char *slash = strrchr(path, '/');
	int r;

	file->path = strdup(path);
	file->name = strdup(slash ? slash + 1 : path);
	if (!for_directory || !file->path || !file->name ||
	    asprintf(&file->staged, ".%s.new", file->name) < 0) {
		file->staged = NULL;
		return reason_errno(why, ENOMEM, "Cannot prepare %s", path);
	}
	r = directory_open(dirname(for_directory), why);
	if (r < 0 && r != -ELOOP)
		return reason_errno(why, r, "Cannot open the directory of %s", path);
	file->directory = r < 0 ? -1 : r;
	return r < 0 ? r : 0;
}

/* Best effort: without SELinux, or if the policy does not allow it, there is nothing to copy. */
static void copy_label(const struct atomic_file *file)
{
	char label[256];
	cleanup_fd int old = openat(file->directory, file->name,
				    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ssize_t length = old < 0 ? -1 : fgetxattr(old, "security.selinux", label, sizeof label);

	if (length > 0)
		(void)fsetxattr(file->fd, "security.selinux", label, (size_t)length, 0);
}

/* Reserve the space now: a full disk must be detected before there is anything to lose. */
static int reserve_room(const struct atomic_file *file, size_t room)
{
	if (room == 0 || fallocate(file->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)room) == 0)
		return 0;
	return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : -errno;
}

/*
 * A link or a pipe would be replaced, and not what the administrator means by it; an immutable file
 * or a mount point can be read and linked, and only the final rename would fail.
 */
static int check_target(const struct atomic_file *file, struct reason *why)
{
	cleanup_fd int fd = -1;
	struct stat status;
	int r = 0;

	if (fstatat(file->directory, file->name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		r = trusted_file_check_kind(file->path, status.st_mode, why);
	if (r < 0)
		return r;
	fd = openat(file->directory, file->name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	r = fd < 0 ? 0 : target_file_check_marks(fd, file->path, why);
	if (r < 0 || fd < 0 || !target_file_is_mount_point(fd))
		return r;
	reason_set(why,
		   "%s is a mount point of its own and cannot be replaced; "
		   "mount its directory instead",
		   file->path);
	return -EBUSY;
}

/* Set the reason for an error of creating the staged file. */
static int cannot_create(const struct atomic_file *file, int error, struct reason *why)
{
	int r = reason_errno(why, error, "Cannot create a file next to %s", file->path);

	return directory_explain_file(why, r, file->path);
}

/* On a read-only file system, unlinkat() fails before it looks whether there is such a file. */
static int remove_leftover(const struct atomic_file *file, struct reason *why)
{
	if (unlinkat(file->directory, file->staged, 0) == 0 || errno == ENOENT)
		return 0;
	return errno == EROFS ? cannot_create(file, errno, why)
			      : reason_errno(why, errno, "Cannot remove the leftover %s next to %s",
					     file->staged, file->path);
}

static int create_staged(struct atomic_file *file, mode_t mode, gid_t gid, size_t room,
			 struct reason *why)
{
	int r = remove_leftover(file, why);

	if (r < 0)
		return r;
	file->fd = openat(file->directory, file->staged,
			  O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fd < 0)
		return cannot_create(file, errno, why);
	if (gid != (gid_t)-1 && fchown(file->fd, (uid_t)-1, gid) < 0)
		return reason_errno(why, errno, "Cannot change the group of the new %s to %u",
				    file->path, (unsigned)gid);
	if (fchmod(file->fd, mode) < 0)
		return reason_errno(why, errno, "Cannot set the mode of the new %s", file->path);
	copy_label(file);
	r = reserve_room(file, room);
	if (r < 0)
		return reason_errno(why, r, "Cannot reserve %zu bytes for %s", room, file->path);
	return 0;
}

int atomic_file_stage(struct atomic_file *file, const char *path, mode_t mode, gid_t gid,
		      size_t room, struct reason *why)
{
	int r;

	*file = ATOMIC_FILE_NULL;
	r = open_directory_of(file, path, why);
	if (r >= 0)
		r = check_target(file, why);
	if (r >= 0)
		r = create_staged(file, mode, gid, room, why);
	if (r < 0)
		atomic_file_discard(file);
	return r;
}

/*
 * Keep the old file under a second name; the rename that follows removes only its first name.
 * Returns 0, 1 when the file had to be renamed instead, or a negative errno.
 */
static int keep_backup(const struct atomic_file *file, const char *backup)
{
	if (unlinkat(file->directory, backup, 0) < 0 && errno != ENOENT)
		return -errno;
	if (linkat(file->directory, file->name, file->directory, backup, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return -errno;
	/* Hard links are not supported here. A short time without the file is acceptable. */
	return renameat(file->directory, file->name, file->directory, backup) == 0 ? 1 : -errno;
}

static int put_in_place(struct atomic_file *file, struct reason *why)
{
	if (renameat(file->directory, file->staged, file->directory, file->name) < 0)
		return reason_errno(why, errno, "Cannot rename the new %s into place", file->path);
	free(file->staged);
	file->staged = NULL;
	return 0;
}

int atomic_file_write(struct atomic_file *file, const void *data, size_t length, struct reason *why)
{
	int r = io_write(file->fd, data, length);

	if (r < 0)
		return reason_errno(why, r, "Cannot write the new %s", file->path);
	file->length += length;
	return 0;
}

/* Not by copy_file_range(2), by which file systems have lost data (OpenZFS 2.2.0). */
int atomic_file_copy(struct atomic_file *file, int from, off_t offset, size_t length,
		     struct reason *why)
{
	char buffer[COPY_AT_ONCE];
	int r = 0;

	while (r >= 0 && length > 0) {
		ssize_t n = pread(from, buffer, length < sizeof buffer ? length : sizeof buffer,
				  offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			r = reason_errno(why, n < 0 ? errno : EIO,
					 "Cannot read what the new %s is to have", file->path);
			break;
		}
		r = atomic_file_write(file, buffer, (size_t)n, why);
		offset += n;
		length -= (size_t)n;
	}
	explicit_bzero(buffer, sizeof buffer);
	return r;
}

int atomic_file_flush(struct atomic_file *file, struct reason *why)
{
	return fdatasync(file->fd) < 0
		       ? reason_errno(why, errno, "Cannot sync the new %s to disk", file->path)
		       : 0;
}

static int publish(struct atomic_file *file, const void *data, size_t length, const char *backup,
		   struct reason *why)
{
	int r = atomic_file_write(file, data, length, why);
	int kept;

	if (r < 0)
		return r;
	/* release the unused part of the reserved space */
	if (ftruncate(file->fd, (off_t)file->length) < 0)
		return reason_errno(why, errno, "Cannot write the new %s", file->path);
	if (fsync(file->fd) < 0)
		return reason_errno(why, errno, "Cannot sync the new %s to disk", file->path);
	kept = backup ? keep_backup(file, backup) : 0;
	r = put_in_place(file, why);
	if (r < 0 && kept > 0)
		(void)renameat(file->directory, backup, file->directory, file->name);
	if (r < 0)
		return r;
	/* A failure to keep the old content is no reason to lose the new one. */
	if (kept < 0)
		(void)reason_errno(why, kept, "Cannot keep the old %s as %s", file->path, backup);
	if (fsync(file->directory) < 0) {
		(void)reason_errno(why, errno,
				   "%s was replaced, but its directory cannot be synced to disk",
				   file->path);
		return 1;
	}
	return kept < 0;
}

int atomic_file_commit(struct atomic_file *file, const void *data, size_t length,
		       const char *backup, struct reason *why)
{
	int r = publish(file, data, length, backup, why);

	atomic_file_discard(file);
	return r;
}

/* Others may have removed it by now, and staged one of that name themselves. */
static bool is_staged(const struct atomic_file *file)
{
	struct stat status;

	return file->fd >= 0 && file->staged && fstat(file->fd, &status) == 0 &&
	       status.st_nlink > 0;
}

void atomic_file_discard(struct atomic_file *file)
{
	if (is_staged(file))
		(void)unlinkat(file->directory, file->staged, 0);
	release_fd(&file->fd);
	release_fd(&file->directory);
	free(file->name);
	free(file->staged);
	free(file->path);
	*file = ATOMIC_FILE_NULL;
}

/* Is what has the name of the staged file one? Somebody else may have put something else there. */
static bool has_leftover(const struct atomic_file *file)
{
	struct stat staged, old;

	if (fstatat(file->directory, file->staged, &staged, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(staged.st_mode))
		return false;
	return staged.st_uid == geteuid() ||
	       (fstatat(file->directory, file->name, &old, AT_SYMLINK_NOFOLLOW) == 0 &&
		staged.st_uid == old.st_uid);
}

bool atomic_file_has_leftover(const char *path)
{
	cleanup(atomic_file_discard) struct atomic_file file = ATOMIC_FILE_NULL;

	return open_directory_of(&file, path, NULL) >= 0 && has_leftover(&file);
}

void atomic_file_clean(const char *path)
{
	cleanup(atomic_file_discard) struct atomic_file file = ATOMIC_FILE_NULL;

	if (open_directory_of(&file, path, NULL) >= 0 && has_leftover(&file))
		(void)unlinkat(file.directory, file.staged, 0);
}
