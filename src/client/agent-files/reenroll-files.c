/* SPDX-License-Identifier: ISC */
#include "client/agent-files/reenroll-files.h"

#include "common/cleanup.h"
#include "common/directory.h"
#include "common/hex.h"
#include "common/io.h"
#include "common/must-check.h"
#include "common/sha256.h"
#include "common/shortage.h"
#include "common/trusted-file.h"

#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MODE 0640
/* the agent replaces its CA itself later, but must not change files of root */
#define DIRECTORY_MODE 01770
#define ANCHOR_ROOM ((size_t)64 * 1024) /* bytes; the maximum that an enrollment token may embed */
#define ANCHOR_BACKUP "root-ca.pem.old"

/* ------------------------------------------------------------------ opening and closing */

int reenroll_files_open(struct reenroll_files *files, const char *keys_path, const char *directory,
			struct reason *why)
{
	cleanup_free char *copy = strdup(keys_path);

	*files = REENROLL_FILES_NULL;
	files->secret_directory = copy ? strdup(dirname(copy)) : NULL;
	if (!files->secret_directory ||
	    asprintf(&files->secret_path, "%s/reenroll.secret", files->secret_directory) < 0)
		files->secret_path = NULL;
	if (asprintf(&files->anchor_directory, "%s/etc/certs", directory) < 0)
		files->anchor_directory = NULL;
	if (asprintf(&files->anchor_path, "%s/etc/certs/root-ca.pem", directory) < 0)
		files->anchor_path = NULL;
	if (files->secret_path && files->anchor_directory && files->anchor_path)
		return 0;
	reenroll_files_close(files);
	return reason_errno(why, ENOMEM, "Cannot prepare the paths of the re-enrollment files");
}

void reenroll_files_discard(struct reenroll_files *files)
{
	atomic_file_discard(&files->secret);
	atomic_file_discard(&files->anchor);
	if (files->made_directory)
		(void)rmdir(files->anchor_directory); /* fails if the directory is not empty */
	files->made_directory = false;
}

void reenroll_files_close(struct reenroll_files *files)
{
	reenroll_files_discard(files);
	free(files->secret_directory);
	free(files->secret_path);
	free(files->anchor_directory);
	free(files->anchor_path);
	*files = REENROLL_FILES_NULL;
}

/* ------------------------------------------------------------------ reading */

/*
 * Read at most `size` bytes of a regular file that is not a link. Returns the length, -ENOENT
 * when there is no file, or another negative errno with `why` set.
 */
static ssize_t read_regular(const char *path, void *buffer, size_t size, struct reason *why)
{
	const struct trusted_file wanted = {
		.path = path,
		.flags = O_RDONLY,
		.max = REENROLL_FILES_ANCHOR_MAX,
	};
	cleanup_fd int fd = trusted_file_open(&wanted, NULL, why);
	ssize_t length;

	if (fd < 0)
		return fd;
	length = io_read(fd, buffer, size);
	return length < 0 ? reason_errno(why, (int)length, "Cannot read %s", path) : length;
}

int reenroll_files_read_secret(const struct reenroll_files *files, struct reenroll_secret *ret,
			       struct reason *why)
{
	/* space for a carriage return, and to detect a longer file */
	char line[REENROLL_SECRET_LINE_SIZE + 1];
	struct reason cause = { 0 };
	ssize_t length = read_regular(files->secret_path, line, sizeof line, &cause);
	int r = 0;

	if (length == -ENOENT)
		return 0;
	if (length < 0) {
		reason_set(why, "%s", cause.text);
		return (int)length;
	}
	if (reenroll_secret_parse(ret, line, (size_t)length) == 0)
		r = 1;
	else
		reason_set(why,
			   "%s is ignored: it is not \"ID SECRET\" "
			   "with a secret of 64 lowercase hexadecimal digits",
			   files->secret_path);
	explicit_bzero(line, sizeof line);
	return r;
}

/* ------------------------------------------------------------------ staging */

static int make_directory(struct reenroll_files *files, gid_t group, struct reason *why)
{
	const char *path = files->anchor_directory;
	char name[NAME_MAX + 1];
	cleanup_fd int parent = directory_open_parent(path, false, name, why), fd = -1;

	if (parent < 0)
		return parent;
	if (mkdirat(parent, name, 0700) < 0)
		return errno == EEXIST
			       ? 0
			       : reason_errno(why, errno, "Cannot create the directory %s", path);
	files->made_directory = true;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) < 0) ||
	    fchmod(fd, DIRECTORY_MODE) < 0)
		return reason_errno(why, errno,
				    "Cannot set the group and mode of the new directory %s", path);
	return 0;
}

/* The agent's user may write to the parent directory, so root must not follow a link there. */
static int check_directory(const struct reenroll_files *files, struct reason *why)
{
	const char *path = files->anchor_directory;
	struct stat opened, named;

	if (fstat(files->anchor.directory, &opened) < 0 || lstat(path, &named) < 0)
		return reason_errno(why, errno, "Cannot inspect the directory %s", path);
	if (opened.st_dev == named.st_dev && opened.st_ino == named.st_ino)
		return 0;
	reason_set(why,
		   "%s is a symbolic link, which is not followed for security; "
		   "replace it with a directory",
		   path);
	return -ELOOP;
}

int reenroll_files_stage_anchor(struct reenroll_files *files, gid_t group, struct reason *why)
{
	int r = make_directory(files, group, why);

	if (r >= 0)
		r = atomic_file_stage(&files->anchor, files->anchor_path, FILE_MODE, group,
				      ANCHOR_ROOM, why);
	return r < 0 ? r : check_directory(files, why);
}

int reenroll_files_stage(struct reenroll_files *files, gid_t group, struct reason *why)
{
	int r = reenroll_files_stage_anchor(files, group, why);

	if (r >= 0)
		r = atomic_file_stage(&files->secret, files->secret_path, FILE_MODE, group,
				      REENROLL_SECRET_LINE_SIZE, why);
	return r;
}

void reenroll_files_clean(const struct reenroll_files *files)
{
	atomic_file_clean(files->secret_path);
	atomic_file_clean(files->anchor_path);
}

/* ------------------------------------------------------------------ the CA */

int reenroll_files_parse_anchor(const struct reenroll_files *files, struct ca_bundle *ret,
				struct reason *why)
{
	cleanup_free char *text = malloc(REENROLL_FILES_ANCHOR_MAX);
	struct reason cause = { 0 };
	ssize_t length = text ? read_regular(files->anchor_path, text, REENROLL_FILES_ANCHOR_MAX,
					     &cause)
			      : -ENOMEM;

	if (length == -ENOENT)
		return 0;
	if (length >= 0)
		length = ca_bundle_read(ret, text, (size_t)length);
	if (length == -ENOMEM)
		return reason_errno(why, ENOMEM, "Cannot read %s", files->anchor_path);
	if (length < 0)
		reason_set(why, "%s", cause.text);
	return length < 0 ? (int)length : 1;
}

bool reenroll_files_has_anchor(const struct reenroll_files *files, const char *pem)
{
	cleanup(ca_bundle_clear) struct ca_bundle held = { 0 }, wanted = { 0 };

	if (reenroll_files_parse_anchor(files, &held, NULL) != 1 ||
	    ca_bundle_read(&wanted, pem, strlen(pem)) < 0)
		return false;
	for (size_t i = 0; i < ca_bundle_count(&wanted); i++)
		if (!ca_bundle_has(&held, ca_bundle_at(&wanted, i)))
			return false;
	return true;
}

int reenroll_files_commit_anchor(struct reenroll_files *files, const char *pem, struct reason *why)
{
	if (!reenroll_files_has_anchor(files, pem))
		return reenroll_files_replace_anchor(files, pem, why);
	atomic_file_discard(&files->anchor);
	return 0;
}

int reenroll_files_replace_anchor(struct reenroll_files *files, const char *pem, struct reason *why)
{
	int r = atomic_file_commit(&files->anchor, pem, strlen(pem), ANCHOR_BACKUP, why);

	files->has_new_anchor = r == 0;
	return r;
}

/* ------------------------------------------------------------------ restoring */

/* DIRECTORY/NAMEENDING */
static char *path_in(const char *directory, const char *name, const char *ending)
{
	char *path;

	return asprintf(&path, "%s/%s%s", directory, name, ending) < 0 ? NULL : path;
}

/* `kept` is in the same directory as `path`. */
static void put_back(const char *kept, const char *path)
{
	if (kept && trusted_file_rename(kept, strrchr(path, '/') + 1, NULL) < 0)
		ignore_result(trusted_file_remove(path, NULL)); /* there was no such file */
}

void reenroll_files_restore(struct reenroll_files *files, const char *suffix)
{
	cleanup_free char *anchor = path_in(files->anchor_directory, ANCHOR_BACKUP, "");
	cleanup_free char *secret = path_in(files->secret_directory, "reenroll.secret.", suffix);

	if (files->has_new_anchor)
		put_back(anchor, files->anchor_path);
	if (files->has_new_secret)
		put_back(secret, files->secret_path);
	files->has_new_anchor = files->has_new_secret = false;
}

/* ------------------------------------------------------------------ the secret */

int reenroll_files_commit_secret(struct reenroll_files *files, const struct reenroll_secret *secret,
				 const char *suffix, struct reason *why)
{
	char line[REENROLL_SECRET_LINE_SIZE], backup_name[64];
	size_t length = reenroll_secret_format(line, secret);
	int r;

	(void)snprintf(backup_name, sizeof backup_name, "reenroll.secret.%s", suffix);
	r = atomic_file_commit(&files->secret, line, length, backup_name, why);
	explicit_bzero(line, sizeof line);
	files->has_new_secret = r == 0;
	return r;
}

int reenroll_files_retire_secret(const struct reenroll_files *files, const char *id,
				 const char *suffix, struct reason *why)
{
	cleanup(reenroll_secret_wipe) struct reenroll_secret secret = { 0 };
	char kept[64];
	struct reason cause;
	int r;

	if (id && reenroll_files_read_secret(files, &secret, NULL) == 1 &&
	    strcmp(secret.id, id) == 0)
		return 0;
	(void)snprintf(kept, sizeof kept, "reenroll.secret.%s", suffix);
	r = trusted_file_rename(files->secret_path, kept, &cause);
	if (r >= 0 || r == -ENOENT)
		return 0;
	reason_set(why, "The key is stored, but %s belongs to another agent: %s",
		   files->secret_path, cause.text);
	return r;
}

int reenroll_files_forget(const struct reenroll_files *files, struct reason *why)
{
	static const char *const names[] = { "reenroll.secret", ".reenroll.secret.new",
					     "reenroll.secret.old", "reenroll.secret.clone",
					     "reenroll.secret.torn" };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < sizeof names / sizeof names[0]; i++) {
		cleanup_free char *path = path_in(files->secret_directory, names[i], "");

		if (!path)
			return reason_errno(why, ENOMEM, "Cannot remove %s", files->secret_path);
		r = trusted_file_remove(path, why);
	}
	return r;
}

/* ------------------------------------------------------------------ forgetting the CA */

void reenroll_files_mark_anchor(char ret[static REENROLL_FILES_MARK_SIZE], const char *pem,
				size_t length)
{
	unsigned char digest[SHA256_SIZE];

	sha256(digest, pem, length);
	hex_print(ret, digest, sizeof digest);
}

int reenroll_files_read_anchor(const struct reenroll_files *files, const char *mark, char **ret,
			       size_t *ret_length, struct reason *why)
{
	cleanup_free char *content = malloc(REENROLL_FILES_ANCHOR_MAX);
	char now[REENROLL_FILES_MARK_SIZE];
	ssize_t length;

	if (!content)
		return reason_errno(why, ENOMEM, "Cannot read %s", files->anchor_path);
	length = read_regular(files->anchor_path, content, REENROLL_FILES_ANCHOR_MAX, why);
	if (length < 0)
		return is_shortage((int)length) ? (int)length
						: 0; /* such as a link: none of ours */
	reenroll_files_mark_anchor(now, content, (size_t)length);
	if (strcmp(now, mark) != 0)
		return 0;
	*ret = take_pointer(content);
	*ret_length = (size_t)length;
	return 1;
}

/* Is it as we have stored it? Returns 1, 0, or a negative errno with `why` set. */
static int is_as_stored(const struct reenroll_files *files, const char *mark, struct reason *why)
{
	cleanup_free char *content = NULL;
	size_t length;

	return reenroll_files_read_anchor(files, mark, &content, &length, why);
}

static int flush_anchor_directory(const struct reenroll_files *files, struct reason *why)
{
	cleanup_fd int fd = directory_open(files->anchor_directory, why);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return fsync(fd) < 0 ? reason_errno(why, errno, "Cannot flush the directory %s",
					    files->anchor_directory)
			     : 0;
}

int reenroll_files_forget_anchor(const struct reenroll_files *files, const char *mark,
				 struct reason *why)
{
	cleanup_free char *staged = path_in(files->anchor_directory, ".root-ca.pem.new", "");
	struct stat status;
	int r = staged ? trusted_file_remove(staged, why)
		       : reason_errno(why, ENOMEM, "Cannot remove %s", files->anchor_path);

	if (r < 0)
		return r;
	r = trusted_file_status(files->anchor_path, &status);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return reason_errno(why, r, "Cannot inspect %s", files->anchor_path);
	if (*mark == '\0')
		return 1;
	r = is_as_stored(files, mark, why);
	if (r >= 0)
		r = r > 0 ? trusted_file_remove(files->anchor_path, why)
			  : trusted_file_rename(files->anchor_path, ANCHOR_BACKUP, why);
	return r < 0 ? r : flush_anchor_directory(files, why);
}
