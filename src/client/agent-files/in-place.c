/* SPDX-License-Identifier: ISC */
#include "client/agent-files/in-place.h"

#include "common/atomic-file.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/target-file.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* bytes; what is longer was not a key file of an agent */
#define OLD_MAX ((size_t)1024 * 1024)

struct content {
	char *text;
	size_t length;
};

static void wipe_content(struct content *content)
{
	if (content->text)
		explicit_bzero(content->text, content->length);
	free(content->text);
}

/* ------------------------------------------------------------------ opening */

static int set_access(const struct in_place_file *file, mode_t mode, gid_t gid, struct reason *why)
{
	if ((file->uid != geteuid() || (gid != (gid_t)-1 && file->gid != gid)) &&
	    fchown(file->fd, geteuid(), gid) < 0)
		return reason_errno(why, errno, "Cannot change the owner and group of %s",
				    file->path);
	if (file->mode != mode && fchmod(file->fd, mode) < 0)
		return reason_errno(why, errno, "Cannot change the mode of %s", file->path);
	return 0;
}

static void restore_access(const struct in_place_file *file)
{
	struct stat now;

	if (fstat(file->fd, &now) < 0)
		return;
	if ((now.st_mode & 07777) != file->mode)
		(void)fchmod(file->fd, file->mode);
	if ((now.st_uid != file->uid || now.st_gid != file->gid) &&
	    fchown(file->fd, file->uid, file->gid) < 0)
		return; /* there is nothing else to try */
}

/* A full disk must be detected before there is anything to lose. */
static int reserve_room(const struct in_place_file *file, size_t room, struct reason *why)
{
	if (room == 0 || fallocate(file->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)room) == 0)
		return 0;
	if (errno == EOPNOTSUPP || errno == ENOSYS)
		return 0;
	return reason_errno(why, errno, "Cannot reserve %zu bytes for %s", room, file->path);
}

/* The marks are looked for first: they make opening fail with an error that does not name them. */
static int open_for_writing(struct in_place_file *file, int directory, const char *name,
			    struct reason *why)
{
	const int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	cleanup_fd int readable = openat(directory, name, O_RDONLY | O_CLOEXEC | flags);
	struct stat status;
	int r = readable < 0 ? 0 : target_file_check_marks(readable, file->path, why);

	if (r < 0)
		return r;
	file->fd = openat(directory, name, O_RDWR | O_CLOEXEC | flags);
	if (file->fd < 0 || fstat(file->fd, &status) < 0)
		return reason_errno(why, errno, "Cannot write %s in place", file->path);
	if (!S_ISREG(status.st_mode)) {
		reason_set(why, "%s is not a regular file", file->path);
		return -EINVAL;
	}
	if ((uintmax_t)status.st_size > OLD_MAX)
		return reason_errno(why, EFBIG, "Cannot write %s in place", file->path);
	file->uid = status.st_uid;
	file->gid = status.st_gid;
	file->mode = status.st_mode & 07777;
	return 0;
}

int in_place_open(struct in_place_file *file, int directory, const char *name, const char *path,
		  mode_t mode, gid_t gid, size_t room, struct reason *why)
{
	int r;

	*file = (struct in_place_file){ .fd = -1, .path = path };
	r = open_for_writing(file, directory, name, why);
	if (r < 0)
		file->is_written = true; /* what is not known cannot be restored */
	if (r >= 0)
		r = set_access(file, mode, gid, why);
	if (r >= 0)
		r = reserve_room(file, room, why);
	if (r < 0)
		in_place_close(file);
	return r;
}

void in_place_close(struct in_place_file *file)
{
	if (file->fd >= 0 && !file->is_written)
		restore_access(file);
	release_fd(&file->fd);
	*file = IN_PLACE_FILE_NULL;
}

/* ------------------------------------------------------------------ the old content */

static int read_content(const struct in_place_file *file, struct content *ret, struct reason *why)
{
	struct stat status;
	ssize_t length;

	if (fstat(file->fd, &status) < 0 || lseek(file->fd, 0, SEEK_SET) < 0)
		return reason_errno(why, errno, "Cannot read %s", file->path);
	ret->text = malloc((size_t)status.st_size + 1);
	if (!ret->text)
		return reason_errno(why, ENOMEM, "Cannot read %s", file->path);
	length = io_read(file->fd, ret->text, (size_t)status.st_size);
	if (length < 0)
		return reason_errno(why, (int)length, "Cannot read %s", file->path);
	ret->length = (size_t)length;
	return 0;
}

static int keep_content(const struct in_place_file *file, const struct content *old,
			const char *backup, struct reason *why)
{
	struct atomic_file copy = ATOMIC_FILE_NULL;
	struct stat status;
	int r;

	if (fstat(file->fd, &status) < 0)
		return reason_errno(why, errno, "Cannot inspect %s", file->path);
	r = atomic_file_stage(&copy, backup, status.st_mode & 0777, status.st_gid, old->length,
			      why);
	return r < 0 ? r : atomic_file_commit(&copy, old->text, old->length, NULL, why);
}

/* ------------------------------------------------------------------ writing */

static int write_at(int fd, off_t offset, const void *data, size_t length)
{
	return lseek(fd, offset, SEEK_SET) < 0 ? -errno : io_write(fd, data, length);
}

static int flush(int fd)
{
	return fsync(fd) < 0 ? -errno : 0;
}

/* Write all but the first byte behind a null byte, and the first byte at the end. */
static int write_over(int fd, const char *data, size_t length)
{
	static const char invalid = '\0';
	int r = write_at(fd, 0, &invalid, 1);

	if (r == 0)
		r = flush(fd);
	if (r == 0)
		r = write_at(fd, 1, data + 1, length - 1);
	if (r == 0 && ftruncate(fd, (off_t)length) < 0)
		r = -errno;
	if (r == 0)
		r = flush(fd);
	if (r == 0)
		r = write_at(fd, 0, data, 1);
	return r == 0 ? flush(fd) : r;
}

static void write_back(int fd, const struct content *old)
{
	int r = old->length > 0 ? write_over(fd, old->text, old->length) : ftruncate(fd, 0);

	if (r == 0)
		(void)flush(fd);
}

int in_place_commit(struct in_place_file *file, const void *data, size_t length, const char *backup,
		    struct reason *why)
{
	cleanup(wipe_content) struct content old = { 0 };
	int r = read_content(file, &old, why), kept;

	if (r < 0)
		return r;
	kept = backup ? keep_content(file, &old, backup, why) : 0;
	r = write_over(file->fd, data, length);
	if (r < 0) {
		write_back(file->fd, &old);
		return reason_errno(why, r, "Cannot write %s in place", file->path);
	}
	file->is_written = true;
	return kept != 0;
}

int in_place_empty(struct in_place_file *file, struct reason *why)
{
	if (ftruncate(file->fd, 0) < 0 || fsync(file->fd) < 0)
		return reason_errno(why, errno, "Cannot empty %s", file->path);
	return 0;
}
