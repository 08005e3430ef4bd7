/* SPDX-License-Identifier: ISC */
#include "client/agent-files/keystore.h"

#include "client/agent-files/agent-group.h"
#include "common/cleanup.h"
#include "common/directory.h"
#include "common/lock-holder.h"
#include "common/setting-words.h"
#include "common/shortage.h"
#include "common/target-file.h"

#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define KEYS_MODE 0640
#define LOCK_POLL_USEC (50 * USEC_PER_MSEC)

int keystore_open(struct keystore *store, const char *directory, const char *keys_file,
		  const char *group, struct reason *why)
{
	*store = KEYSTORE_NULL;
	store->group = group;
	store->is_elsewhere = keys_file;
	if (keys_file)
		store->path = strdup(keys_file);
	else if (asprintf(&store->path, "%s/etc/client.keys", directory) < 0)
		store->path = NULL;
	if (store->path)
		return 0;
	keystore_close(store);
	return reason_errno(why, ENOMEM, "Cannot prepare the path of the key file");
}

void keystore_unlock(struct keystore *store)
{
	atomic_file_discard(&store->staged);
	in_place_close(&store->in_place);
	release_fd(&store->lock);
	store->lock = -1;
}

void keystore_close(struct keystore *store)
{
	keystore_unlock(store);
	free(store->path);
	*store = KEYSTORE_NULL;
}

/* ------------------------------------------------------------------ locking */

/*
 * The lock is on the directory: this needs no lock file, and is the same for every process that may
 * replace the key file. flock(2) has no timeout, hence the polling.
 */
int keystore_lock(struct keystore *store, const struct deadline *deadline,
		  keystore_waiting_callback *waiting, struct reason *why)
{
	cleanup_free char *copy = strdup(store->path);
	const char *directory = copy ? dirname(copy) : store->path;
	cleanup_fd int fd = copy ? directory_open(directory, why) : -ENOMEM;
	char holder[LOCK_HOLDER_SIZE];
	bool notified = false;

	if (fd == -ELOOP)
		return fd;
	if (is_shortage(fd))
		return reason_errno(why, fd, "Cannot lock the directory of %s", store->path);
	if (fd < 0)
		return reason_errno(
			why, fd, "Cannot open %s, the directory of the key file; %s%s", directory,
			store->is_elsewhere ? "create it, or " : "install the agent, or ",
			setting_words(store->is_elsewhere ? "correct keys_file in [agent]"
							  : "set directory in [agent]"));
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		struct deadline pause = deadline_in(LOCK_POLL_USEC, deadline);
		int r;

		if (errno != EWOULDBLOCK)
			return reason_errno(why, errno, "Cannot lock %s", directory);
		if (!notified && waiting)
			waiting(directory, lock_holder_describe(holder, fd));
		notified = true;
		r = deadline_wait(&pause, -1, 0);
		if (r != -ETIMEDOUT)
			return r;
		if (monotonic_usec() >= deadline->at) {
			reason_set(why, "%s is still locked by %s", directory,
				   lock_holder_describe(holder, fd));
			return -ETIMEDOUT;
		}
	}
	store->lock = take_fd(&fd);
	return 0;
}

/* ------------------------------------------------------------------ storing */

/* The name of the key file in its directory. */
static const char *base_name(const struct keystore *store)
{
	const char *slash = strrchr(store->path, '/');

	return slash ? slash + 1 : store->path;
}

/* The agent's user may write in the directory, so root must not write where a link leads. */
static int refuse_link(const struct keystore *store, const char *what, struct reason *why)
{
	cleanup_free char *target = keystore_link_target(store);

	if (!target)
		return 0;
	reason_set(why, "%s is a symbolic link (to %s), which is followed for reading only: %s; %s",
		   store->path, target, what,
		   setting_words("set keys_file in [agent] to the file it points to"));
	return -ELOOP;
}

static int open_old_file(const struct keystore *store)
{
	char name[NAME_MAX + 1];
	cleanup_fd int directory = directory_open_parent(store->path, false, name, NULL);

	if (directory < 0)
		return directory;
	return openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

/*
 * Look at the old key file. Returns 0, 1 for a mount point of its own, or a negative errno with
 * `why` set.
 */
static int check_old_file(const struct keystore *store, struct reason *why)
{
	cleanup_fd int fd = -1;
	struct stat status;
	int r = refuse_link(store, "no key is stored through it", why);

	if (r < 0)
		return r;
	fd = open_old_file(store);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &status) < 0)
		return reason_errno(why, errno, "Cannot read %s", store->path);
	if (!S_ISREG(status.st_mode)) {
		reason_set(why, "%s is not a regular file", store->path);
		return -EINVAL;
	}
	return target_file_is_mount_point(fd);
}

static int refuse_mount_point(const struct keystore *store, const char *what, struct reason *why)
{
	reason_set(why,
		   "%s is a mount point of its own and cannot be %s; mount its directory instead "
		   "(ReadWritePaths= of a unit makes mount points, too)%s",
		   store->path, what,
		   setting_words(", or set keys_in_place = yes in [agent], "
				 "which writes over the file, but not atomically"));
	return -EBUSY;
}

/* The length of the directory in a path, which has a slash; for "%.*s". */
static int directory_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash > path ? (int)(slash - path) : 1;
}

/* Check for conditions that prevent only the final rename. */
static int check_directory(const struct keystore *store, struct reason *why)
{
	struct stat directory, old;

	if (target_file_check_marks(store->lock, "", NULL) < 0) {
		reason_set(why,
			   "The directory of %s is marked immutable or append-only; "
			   "clear it with: chattr -i -a %.*s",
			   store->path, directory_length(store->path), store->path);
		return -EPERM;
	}
	if (fstat(store->lock, &directory) == 0 && (directory.st_mode & S_ISVTX) &&
	    directory.st_uid != geteuid() && lstat(store->path, &old) == 0 &&
	    old.st_uid != geteuid()) {
		reason_set(why,
			   "%s belongs to another user and its directory has the sticky bit set; "
			   "clear it with: chmod -t %.*s",
			   store->path, directory_length(store->path), store->path);
		return -EPERM;
	}
	return 0;
}

int keystore_group(const struct keystore *store, gid_t *ret, struct reason *why)
{
	struct stat status;

	if (store->group)
		return agent_group_named(store->group, ret, why);
	/* An installed agent has given its group to the directory, so only then NSS is worth it. */
	*ret = agent_group_find(store->lock < 0 || fstat(store->lock, &status) < 0 ||
				status.st_gid != getegid());
	return 0;
}

int keystore_stage(struct keystore *store, struct reason *why)
{
	int r = check_old_file(store, why);
	bool is_mount_point = r > 0;
	gid_t group;

	if (is_mount_point && !store->may_write_in_place)
		return refuse_mount_point(store, "replaced", why);
	if (r == 0)
		r = check_directory(store, why);
	if (r >= 0)
		r = keystore_group(store, &group, why);
	if (r < 0)
		return r;
	if (is_mount_point)
		return in_place_open(&store->in_place, store->lock, base_name(store), store->path,
				     KEYS_MODE, group, AGENT_LINE_SIZE, why);
	return atomic_file_stage(&store->staged, store->path, KEYS_MODE, group, AGENT_LINE_SIZE,
				 why);
}

bool keystore_is_in_place(const struct keystore *store)
{
	return store->in_place.fd >= 0;
}

static int commit_in_place(struct keystore *store, const char *line, size_t length,
			   const char *suffix, struct reason *why)
{
	cleanup_free char *backup = NULL;
	int r;

	if (suffix && asprintf(&backup, "%s.%s", store->path, suffix) < 0)
		backup = NULL;
	r = in_place_commit(&store->in_place, line, length, backup, why);
	in_place_close(&store->in_place);
	return r;
}

int keystore_commit(struct keystore *store, const struct agent_key *key, const char *suffix,
		    struct reason *why)
{
	char line[AGENT_LINE_SIZE + 1], backup_name[128];
	size_t length = agent_key_format(line, key);
	int r;

	if (suffix)
		(void)snprintf(backup_name, sizeof backup_name, "%s.%s", base_name(store), suffix);
	if (keystore_is_in_place(store))
		r = commit_in_place(store, line, length, suffix, why);
	else
		r = atomic_file_commit(&store->staged, line, length, suffix ? backup_name : NULL,
				       why);
	explicit_bzero(line, sizeof line);
	return r;
}

/* ------------------------------------------------------------------ removing */

int keystore_check_removable(const struct keystore *store, struct reason *why)
{
	cleanup_fd int fd = open_old_file(store);
	int r = refuse_link(store, "it is not removed, because the key would remain", why);

	if (r == 0 && fd >= 0 && target_file_is_mount_point(fd) && !store->may_write_in_place)
		return refuse_mount_point(store, "removed", why);
	return r;
}

/* Remove what is called like the key file, with `before` and `after` around its name. */
static int remove_entry(const struct keystore *store, const char *before, const char *after,
			struct reason *why)
{
	int length = (int)(base_name(store) - store->path), r;
	cleanup_free char *name = NULL;

	if (asprintf(&name, "%s%s%s", before, base_name(store), after) < 0) {
		name = NULL;
		return reason_errno(why, ENOMEM, "Cannot remove the old keys");
	}
	if (unlinkat(store->lock, name, 0) == 0 || errno == ENOENT)
		return 0;
	r = reason_errno(why, errno, "Cannot remove %.*s%s", length, store->path, name);
	return directory_explain_file(why, r, store->path);
}

static int empty_in_place(const struct keystore *store, struct reason *why)
{
	cleanup(in_place_close) struct in_place_file file = IN_PLACE_FILE_NULL;
	int r = in_place_open(&file, store->lock, base_name(store), store->path, KEYS_MODE,
			      (gid_t)-1, 0, why);

	return r < 0 ? r : in_place_empty(&file, why);
}

static int remove_key(const struct keystore *store, struct reason *why)
{
	cleanup_fd int fd = open_old_file(store);

	if (fd >= 0 && target_file_is_mount_point(fd) && store->may_write_in_place)
		return empty_in_place(store, why);
	return remove_entry(store, "", "", why);
}

static int flush_directory(const struct keystore *store, struct reason *why)
{
	return fsync(store->lock) < 0
		       ? reason_errno(why, errno, "Cannot flush the directory of %s", store->path)
		       : 0;
}

int keystore_remove(const struct keystore *store, struct reason *why)
{
	static const char *const others[][2] = {
		{ ".", ".new" },      { "", ".torn" },     { "", ".old" },        { "", ".clone" },
		{ ".", ".torn.new" }, { ".", ".old.new" }, { ".", ".clone.new" },
	};
	int r = keystore_check_removable(store, why);

	if (r >= 0)
		r = remove_key(store, why);
	if (r >= 0)
		r = flush_directory(store, why);
	for (size_t i = 0; r >= 0 && i < sizeof others / sizeof others[0]; i++)
		r = remove_entry(store, others[i][0], others[i][1], why);
	return r >= 0 ? flush_directory(store, why) : r;
}
