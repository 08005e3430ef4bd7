/* SPDX-License-Identifier: ISC */
#include "registrar/agents/keys-file.h"

#include "common/atomic-file.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/trusted-file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#define NEW_FILE_MODE 0640
#define FILE_MAX (1024 * TRUSTED_FILE_MIB)     /* ten million agents */
#define READ_AT_ONCE ((size_t)4 * 1024 * 1024) /* between two reports */

int keys_file_open(struct keys_file *file, const char *directory, gid_t group, struct reason *why)
{
	struct stat status;
	int r = directory_open(directory, why);

	*file = KEYS_FILE_NULL;
	if (r < 0)
		return r == -ELOOP
			       ? r
			       : reason_errno(why, r, "Cannot open the directory %s of client.keys",
					      directory);
	file->directory = r;
	if (fstat(file->directory, &status) < 0 ||
	    asprintf(&file->path, "%s/client.keys", directory) < 0) {
		file->path = NULL;
		keys_file_close(file);
		return reason_errno(why, ENOMEM, "Cannot use %s/client.keys", directory);
	}
	file->group = group == (gid_t)-1 ? status.st_gid : group;
	return 0;
}

static int create(struct keys_file *file, struct stat *ret, struct reason *why)
{
	file->fd = openat(file->directory, "client.keys",
			  O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, NEW_FILE_MODE);
	if (file->fd < 0)
		return reason_errno(why, errno, "Cannot create %s", file->path);
	/*
	 * The daemons that read the keys do so by group; without the right to give the file away,
	 * it stays ours.
	 */
	if (fchown(file->fd, (uid_t)-1, file->group) < 0 && errno != EPERM)
		return reason_errno(why, errno, "Cannot give %s to group %u", file->path,
				    (unsigned)file->group);
	if (fchmod(file->fd, NEW_FILE_MODE) < 0)
		return reason_errno(why, errno, "Cannot set the mode of %s", file->path);
	if (fsync(file->directory) < 0)
		return reason_errno(why, errno, "Cannot flush the directory of %s to the disk",
				    file->path);
	if (fstat(file->fd, ret) < 0)
		return reason_errno(why, errno, "Cannot stat %s", file->path);
	return 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int open_locked(struct keys_file *file, bool *ret_changed, struct reason *why)
{
	const struct trusted_file wanted = {
		.path = file->path,
		.flags = file->read_only ? O_RDONLY : O_RDWR | O_APPEND,
		.max = FILE_MAX,
	};
	struct stat status;
	int r = trusted_file_open(&wanted, &status, why);

	if (r >= 0)
		file->fd = r;
	else if (r == -ENOENT && !file->read_only)
		r = create(file, &status, why);
	if (r < 0)
		return r;
	if (!file->cleaned && !file->read_only)
		atomic_file_clean(file->path);
	file->cleaned = true;
	*ret_changed = !is_same(&status, &file->known);
	return 0;
}

int keys_file_lock(struct keys_file *file, bool *ret_changed, struct reason *why)
{
	int r;

	if (flock(file->directory, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK
			       ? -EAGAIN
			       : reason_errno(why, errno, "Cannot lock the directory of %s",
					      file->path);
	r = open_locked(file, ret_changed, why);
	if (r < 0)
		keys_file_unlock(file);
	return r;
}

const char *keys_file_lock_holder(const struct keys_file *file, char ret[static LOCK_HOLDER_SIZE])
{
	return lock_holder_describe(ret, file->directory);
}

void keys_file_unlock(struct keys_file *file)
{
	if (keys_file_has_copy(file))
		file->known.st_size = file->replaced_size;
	atomic_file_discard(&file->copy);
	release_fd(&file->fd);
	file->fd = -1;
	(void)flock(file->directory, LOCK_UN);
}

/* The file, or the copy that takes its place. */
static int content_fd(const struct keys_file *file)
{
	return keys_file_has_copy(file) ? file->copy.fd : file->fd;
}

int keys_file_read_at(const struct keys_file *file, off_t offset, char *buffer, size_t length)
{
	int fd = content_fd(file);

	while (length > 0) {
		ssize_t n = pread(fd, buffer, length, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		buffer += n;
		offset += n;
		length -= (size_t)n;
	}
	return 0;
}

void keys_file_report(const struct keys_file *file, size_t read, size_t understood, size_t size)
{
	if (file->progress)
		file->progress->report(file->progress->owner, read + understood, 2 * size);
}

static int read_in_pieces(const struct keys_file *file, char *content, size_t size)
{
	int r = 0;

	for (size_t at = 0; at < size && r >= 0;) {
		size_t length = size - at < READ_AT_ONCE ? size - at : READ_AT_ONCE;

		r = keys_file_read_at(file, (off_t)at, content + at, length);
		at += length;
		keys_file_report(file, at, 0, size);
	}
	return r;
}

int keys_file_status(const struct keys_file *file, struct stat *ret, bool *ret_changed,
		     struct reason *why)
{
	if (fstat(content_fd(file), ret) < 0)
		return reason_errno(why, errno, "Cannot stat %s", file->path);
	*ret_changed = !keys_file_has_copy(file) && !is_same(ret, &file->known);
	return 0;
}

int keys_file_read(struct keys_file *file, char **ret, size_t *ret_length, struct reason *why)
{
	cleanup_free char *content = NULL;
	struct stat status;
	int r;

	if (fstat(content_fd(file), &status) < 0)
		return reason_errno(why, errno, "Cannot stat %s", file->path);
	content = malloc((size_t)status.st_size + 1);
	if (!content)
		return reason_errno(why, ENOMEM, "Cannot read %s", file->path);
	r = read_in_pieces(file, content, (size_t)status.st_size);
	if (r < 0) {
		explicit_bzero(content, (size_t)status.st_size);
		return reason_errno(why, r, "Cannot read %s", file->path);
	}
	file->known = status;
	*ret = take_pointer(content);
	*ret_length = (size_t)status.st_size;
	return 0;
}

/*
 * Take back what a failed append may have left. What cannot be taken back is noticed as a change at
 * the next lock.
 */
static int give_up_append(struct keys_file *file, off_t old_size, int error, const char *verb,
			  struct reason *why)
{
	if (ftruncate(file->fd, old_size) < 0 || fdatasync(file->fd) < 0)
		return reason_errno(why, error,
				    "Cannot %s %s, and cannot truncate it to %lld bytes "
				    "(check its last line)",
				    verb, file->path, (long long)old_size);
	return reason_errno(why, error, "Cannot %s %s", verb, file->path);
}

static int append(struct keys_file *file, const char *data, size_t length, struct reason *why)
{
	off_t old_size = file->known.st_size;
	ssize_t written;

	do
		written = write(file->fd, data, length);
	while (written < 0 && errno == EINTR);

	if (written < 0)
		return give_up_append(file, old_size, errno, "append to", why);
	if ((size_t)written < length)
		return give_up_append(file, old_size, ENOSPC, "append to", why);
	if (fdatasync(file->fd) < 0)
		return give_up_append(file, old_size, errno, "flush to the disk", why);
	if (fstat(file->fd, &file->known) < 0)
		file->known.st_ino = 0; /* read it again at the next lock */
	return 0;
}

/* Put it in place, and know it, unless somebody else has changed it at once. */
static int put(struct keys_file *file, struct atomic_file *staged, const char *data, size_t length,
	       struct reason *why)
{
	const off_t size = (off_t)(staged->length + length);
	struct stat made = { .st_ino = 0 }, *known = &file->known;
	int r;

	(void)fstat(staged->fd, &made);
	r = atomic_file_commit(staged, data, length, NULL, why);
	if (r < 0 || fstatat(file->directory, "client.keys", known, AT_SYMLINK_NOFOLLOW) < 0 ||
	    known->st_dev != made.st_dev || known->st_ino != made.st_ino || known->st_size != size)
		known->st_ino = 0; /* read it again at the next lock */
	return r < 0 ? r : 0;
}

int keys_file_append(struct keys_file *file, const char *data, size_t length, struct reason *why)
{
	return keys_file_has_copy(file) ? put(file, &file->copy, data, length, why)
					: append(file, data, length, why);
}

int keys_file_stage(const struct keys_file *file, struct atomic_file *ret, size_t length,
		    struct reason *why)
{
	struct stat old;
	int r;

	if (fstat(file->fd, &old) < 0)
		return reason_errno(why, errno, "Cannot stat %s", file->path);
	r = atomic_file_stage(ret, file->path, old.st_mode & 0777, old.st_gid, length, why);
	if (r < 0)
		return r;
	/* Kept where we may; where we may not, the readers still have the group. */
	if (old.st_uid != geteuid() && fchown(ret->fd, old.st_uid, (gid_t)-1) == 0)
		(void)fchmod(ret->fd, old.st_mode & 0777);
	return 0;
}

int keys_file_copy_part(const struct keys_file *file, off_t offset, size_t length,
			struct atomic_file *target, struct reason *why)
{
	return atomic_file_copy(target, content_fd(file), offset, length, why);
}

int keys_file_replace(struct keys_file *file, struct atomic_file *staged, struct reason *why)
{
	return put(file, staged, NULL, 0, why);
}

void keys_file_use_copy(struct keys_file *file, struct atomic_file *copy)
{
	file->copy = *copy;
	file->replaced_size = file->known.st_size;
	file->known.st_size = (off_t)copy->length;
	*copy = ATOMIC_FILE_NULL;
}

bool keys_file_has_copy(const struct keys_file *file)
{
	return file->copy.fd >= 0;
}

void keys_file_close(struct keys_file *file)
{
	atomic_file_discard(&file->copy);
	release_fd(&file->fd);
	release_fd(&file->directory);
	free(file->path);
	*file = KEYS_FILE_NULL;
}
