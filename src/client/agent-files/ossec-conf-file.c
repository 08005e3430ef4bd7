/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf-file.h"

#include "client/agent-files/agent-settings.h"
#include "common/cleanup.h"
#include "common/io.h"
#include "common/trusted-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define ACCESS_LIST "system.posix_acl_access"

/* What a change may add to the file, more than what was seen: it may be another one by then. */
#define ROOM ((size_t)4096)

/* How often the new file is made, if somebody changes the old one meanwhile. */
#define COMMITS_MAX 3

int ossec_conf_file_open(struct ossec_conf_file *file, const char *directory, struct reason *why)
{
	*file = OSSEC_CONF_FILE_NULL;
	if (asprintf(&file->path, "%s/etc/ossec.conf", directory) >= 0)
		return 0;
	file->path = NULL;
	return reason_errno(why, ENOMEM, "Cannot prepare the path of ossec.conf");
}

/* ------------------------------------------------------------------ the old file */

/* The file as it is, open, with what is in it. */
struct old_file {
	int fd;
	char *text;
	size_t length;
	struct stat status;
};

static void close_old(struct old_file *old)
{
	release_fd(&old->fd);
	free(old->text);
}

/*
 * A link would be replaced, and not what it leads to; with another name, the old content would stay
 * there, and the agent may mean that.
 */
static int check_replaceable(const struct ossec_conf_file *file, struct reason *why)
{
	struct stat status;
	int r = trusted_file_status(file->path, &status);

	if (r == 0)
		r = trusted_file_check_kind(file->path, status.st_mode, why);
	else
		r = reason_errno(why, r, "Cannot look at %s", file->path);
	if (r < 0 || status.st_nlink <= 1)
		return r;
	reason_set(why,
		   "%s has %lu names (hard links), of which only this one would be changed; "
		   "put a copy in its place",
		   file->path, (unsigned long)status.st_nlink);
	return -EMLINK;
}

static int read_old(struct old_file *ret, const struct ossec_conf_file *file, struct reason *why)
{
	const struct trusted_file wanted = {
		.path = file->path,
		.flags = O_RDONLY,
		.max = AGENT_SETTINGS_FILE_MAX,
		.may_be_link = true, /* to see that nothing is to be changed */
	};
	ssize_t length;

	ret->fd = trusted_file_open(&wanted, &ret->status, why);
	if (ret->fd < 0)
		return ret->fd;
	/* one more byte than there is: it may have grown */
	ret->text = malloc((size_t)ret->status.st_size + 1);
	length = ret->text ? io_read(ret->fd, ret->text, (size_t)ret->status.st_size + 1) : -ENOMEM;
	if (length > ret->status.st_size)
		length = -EAGAIN;
	if (length < 0)
		return reason_errno(why, (int)length, "Cannot read %s", file->path);
	ret->length = (size_t)length;
	return 0;
}

/* What the file is to contain. Returns as ossec_conf_file_check(). */
static int make_new(char **ret, size_t *ret_length, const struct old_file *old,
		    const struct ossec_conf_file *file, const struct ossec_conf_wish *wish,
		    struct reason *why)
{
	struct reason fault = { 0 };
	int r;

	*ret = NULL;
	r = ossec_conf_edit(ret, ret_length, old->text, old->length, wish, &fault);

	if (r < 0)
		reason_set(why, "Cannot change %s: %s", file->path, fault.text);
	if (r > 0 && (r = check_replaceable(file, why)) == 0)
		return 1;
	if (r < 0) {
		free(*ret);
		*ret = NULL;
	}
	return r;
}

int ossec_conf_file_check(const struct ossec_conf_file *file, const struct ossec_conf_wish *wish,
			  struct reason *why)
{
	cleanup(close_old) struct old_file old = { .fd = -1 };
	cleanup_free char *text = NULL;
	size_t length;
	int r = read_old(&old, file, why);

	return r < 0 ? r : make_new(&text, &length, &old, file, wish, why);
}

/* ------------------------------------------------------------------ staging */

/* Directories may give a new file a list that the old one has not. */
static int copy_access_list(int from, int to)
{
	char list[4096];
	ssize_t length = fgetxattr(from, ACCESS_LIST, list, sizeof list);

	if (length >= 0)
		return fsetxattr(to, ACCESS_LIST, list, (size_t)length, 0) < 0 ? -errno : 0;
	if (errno != ENODATA)
		return errno == EOPNOTSUPP ? 0 : -errno;
	if (fremovexattr(to, ACCESS_LIST) == 0 || errno == ENODATA || errno == EOPNOTSUPP)
		return 0;
	return -errno;
}

/* What people and other tools have attached. (The label of SELinux is copied with the name.) */
static bool is_kept(const char *name)
{
	static const char *const kept[] = { "user.", "trusted.", "security.SMACK64" };

	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (strncmp(name, kept[i], strlen(kept[i])) == 0)
			return true;
	return false;
}

static int copy_attribute(int from, int to, const char *name)
{
	ssize_t length = fgetxattr(from, name, NULL, 0);
	cleanup_free char *value = length < 0 ? NULL : malloc((size_t)length + 1);

	if (length < 0)
		return errno == ENODATA ? 0 : -errno;
	if (!value)
		return -ENOMEM;
	/* with room for one byte more: a size of 0 would only ask for the length again */
	length = fgetxattr(from, name, value, (size_t)length + 1);
	if (length < 0)
		return errno == ENODATA ? 0 : -errno;
	/* what this process may not set, another one has set */
	return fsetxattr(to, name, value, (size_t)length, 0) < 0 && errno != EPERM ? -errno : 0;
}

static int copy_extended_attributes(int from, int to)
{
	ssize_t length = flistxattr(from, NULL, 0);
	cleanup_free char *names = length <= 0 ? NULL : malloc((size_t)length + 1);
	int r = 0;

	if (length <= 0)
		return length == 0 || errno == EOPNOTSUPP ? 0 : -errno;
	if (!names)
		return -ENOMEM;
	length = flistxattr(from, names, (size_t)length); /* it was not 0 */
	if (length < 0)
		return -errno;
	names[length] = '\0';
	for (const char *name = names; r == 0 && name < names + length; name += strlen(name) + 1)
		if (is_kept(name))
			r = copy_attribute(from, to, name);
	return r;
}

/* In this order: whoever gave a file away may not change its mode without further rights. */
static int copy_attributes(const struct ossec_conf_file *file, const struct old_file *old,
			   struct reason *why)
{
	int fd = file->staged.fd, r = copy_access_list(old->fd, fd);

	if (r == 0)
		r = copy_extended_attributes(old->fd, fd);
	if (r == 0 && fchmod(fd, old->status.st_mode & 0777) < 0)
		r = -errno;
	if (r == 0 && fchown(fd, old->status.st_uid, old->status.st_gid) < 0)
		r = -errno;
	return r < 0 ? reason_errno(why, r, "Cannot give the new %s the attributes of the old one",
				    file->path)
		     : 0;
}

static int stage_like(struct ossec_conf_file *file, const struct old_file *old, size_t length,
		      struct reason *why)
{
	int r;

	ossec_conf_file_discard(file);
	r = atomic_file_stage(&file->staged, file->path, 0600, (gid_t)-1, length + ROOM, why);
	if (r == 0)
		r = copy_attributes(file, old, why);
	if (r < 0)
		ossec_conf_file_discard(file);
	else
		file->status = old->status;
	return r;
}

int ossec_conf_file_stage(struct ossec_conf_file *file, const struct ossec_conf_wish *wish,
			  struct reason *why)
{
	cleanup(close_old) struct old_file old = { .fd = -1 };
	cleanup_free char *text = NULL;
	size_t length;
	int r = read_old(&old, file, why);

	if (r == 0)
		r = make_new(&text, &length, &old, file, wish, why);
	if (r <= 0) {
		ossec_conf_file_clean(file);
		return r;
	}
	r = stage_like(file, &old, length, why);
	return r < 0 ? r : 1;
}

bool ossec_conf_file_has_leftover(const struct ossec_conf_file *file)
{
	return atomic_file_has_leftover(file->path);
}

void ossec_conf_file_clean(const struct ossec_conf_file *file)
{
	if (file->path)
		atomic_file_clean(file->path);
}

/* ------------------------------------------------------------------ storing */

/* Has somebody changed the file, or given it another owner or mode? */
static bool is_other_file(const struct stat *one, const struct stat *other)
{
	return one->st_dev != other->st_dev || one->st_ino != other->st_ino ||
	       one->st_size != other->st_size || one->st_ctim.tv_sec != other->st_ctim.tv_sec ||
	       one->st_ctim.tv_nsec != other->st_ctim.tv_nsec;
}

/* Returns 1; -EAGAIN: the file was changed while the new one was written; or -EIO. */
static int replace(struct ossec_conf_file *file, const struct old_file *old, const char *text,
		   size_t length, struct reason *why)
{
	struct stat now;

	if (atomic_file_write(&file->staged, text, length, why) < 0 ||
	    atomic_file_flush(&file->staged, why) < 0)
		return -EIO;
	if (trusted_file_status(file->path, &now) < 0 || is_other_file(&old->status, &now)) {
		reason_set(why, "%s is being changed by somebody else", file->path);
		return -EAGAIN;
	}
	return atomic_file_commit(&file->staged, "", 0, NULL, why) < 0 ? -EIO : 1;
}

static int commit_once(struct ossec_conf_file *file, const struct ossec_conf_wish *wish,
		       struct reason *why)
{
	cleanup(close_old) struct old_file old = { .fd = -1 };
	cleanup_free char *text = NULL;
	size_t length;
	int r = read_old(&old, file, why);

	if (r == 0)
		r = make_new(&text, &length, &old, file, wish, why);
	if (r > 0 && (file->staged.fd < 0 || is_other_file(&file->status, &old.status)))
		r = stage_like(file, &old, length, why) < 0 ? -EIO : 1;
	if (r > 0)
		r = replace(file, &old, text, length, why);
	ossec_conf_file_discard(file);
	return r;
}

int ossec_conf_file_commit(struct ossec_conf_file *file, const struct ossec_conf_wish *wish,
			   struct reason *why)
{
	int r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < COMMITS_MAX; i++)
		r = commit_once(file, wish, why);
	return r == -EAGAIN ? -EBUSY : r;
}

void ossec_conf_file_discard(struct ossec_conf_file *file)
{
	atomic_file_discard(&file->staged);
}

void ossec_conf_file_close(struct ossec_conf_file *file)
{
	ossec_conf_file_discard(file);
	free(file->path);
	*file = OSSEC_CONF_FILE_NULL;
}
