/* SPDX-License-Identifier: ISC */
#include "client/agent-files/keystore.h"

#include "common/cleanup.h"
#include "common/io.h"
#include "common/setting-words.h"

#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define KEYS_MODE 0640
#define FILE_MAX ((size_t)64 * 1024 * 1024) /* the size of a manager's file with a million agents */
#define LOCK_POLL_USEC (50 * USEC_PER_MSEC)

int keystore_open(struct keystore *store, const char *directory, const char *keys_file,
		  const char *group, struct reason *why)
{
	*store = KEYSTORE_NULL;
	store->group = group;
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
	release_fd(&store->lock);
	store->lock = -1;
}

void keystore_close(struct keystore *store)
{
	keystore_unlock(store);
	free(store->path);
	*store = KEYSTORE_NULL;
}

/* ------------------------------------------------------------------ reading */

/*
 * Do the agents skip this line? They skip blank lines, comments, and entries marked as removed
 * ("001 !name ...", "001 #*#*...").
 */
static bool is_skipped(const char *line, size_t length)
{
	const char *space = memchr(line, ' ', length);

	if (length == 0 || line[0] == '#' || line[0] == ' ' || line[0] == '\r')
		return true;
	return space && space + 1 < line + length && (space[1] == '!' || space[1] == '#');
}

/*
 * A record without a line end may be the truncated rest of a longer one after a power failure,
 * unless its key has the usual length: then it is complete, and the agents accept it.
 */
static int judge_record(struct agent_key *ret, const char *line, size_t length, bool ended,
			const char *path, struct reason *why)
{
	struct agent_key key;
	enum agent_key_fault fault = agent_key_parse(&key, line, length);
	int state = KEYSTORE_TORN;

	if (fault != AGENT_KEY_OK)
		reason_set(why, "%s contains no usable record: %s", path,
			   agent_key_fault_text(fault));
	else if (!ended && !agent_key_is_usual(&key))
		reason_set(why, "%s is truncated in the middle of a record", path);
	else {
		*ret = key;
		state = KEYSTORE_KEY;
	}
	agent_key_wipe(&key);
	return state;
}

int keystore_judge(struct agent_key *ret, const char *text, size_t length, const char *path,
		   struct reason *why)
{
	while (length > 0) {
		const char *newline = memchr(text, '\n', length);
		size_t line = newline ? (size_t)(newline - text) : length;

		if (!is_skipped(text, line))
			return judge_record(ret, text, line, newline, path, why);
		if (!newline)
			break;
		text += line + 1;
		length -= line + 1;
	}
	return KEYSTORE_MISSING;
}

/*
 * Open without following a link or blocking on a pipe. Returns the descriptor, -ENOENT without a
 * reason when there is no file, or another negative errno with `why` set.
 */
static int open_keys(const char *path, struct stat *ret_status, struct reason *why)
{
	cleanup_fd int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 && errno == ELOOP) {
		reason_set(why, "%s is a symbolic link; %s", path,
			   setting_words("set keys_file in [agent] to the file it points to"));
		return -ELOOP;
	}
	if (fd < 0 || fstat(fd, ret_status) < 0)
		return reason_errno(why, errno, "Cannot read %s", path);
	if (!S_ISREG(ret_status->st_mode)) {
		reason_set(why, "%s is not a regular file", path);
		return -EINVAL;
	}
	return take_fd(&fd);
}

int keystore_read(const struct keystore *store, struct agent_key *ret, struct reason *why)
{
	struct stat status;
	cleanup_fd int fd = open_keys(store->path, &status, why);
	cleanup_free char *text = NULL;
	ssize_t length;
	int state;

	if (fd < 0)
		return fd == -ENOENT ? KEYSTORE_MISSING : fd;
	if ((uintmax_t)status.st_size > FILE_MAX) {
		reason_set(why, "%s is too large for a key file", store->path);
		return -EFBIG;
	}
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		return reason_errno(why, ENOMEM, "Cannot read %s", store->path);
	length = io_read(fd, text, (size_t)status.st_size);
	if (length < 0)
		return reason_errno(why, (int)length, "Cannot read %s", store->path);
	state = keystore_judge(ret, text, (size_t)length, store->path, why);
	explicit_bzero(text, (size_t)length);
	return state;
}

/* ------------------------------------------------------------------ locking */

/* The process that holds a lock on the file, from /proc/locks; 0: not found. */
static pid_t lock_holder(int fd)
{
	cleanup_file FILE *locks = fopen("/proc/locks", "re");
	char line[256], wanted[64];
	struct stat status;

	if (!locks || fstat(fd, &status) < 0)
		return 0;
	(void)snprintf(wanted, sizeof wanted, "%02x:%02x:%ju ", major(status.st_dev),
		       minor(status.st_dev), (uintmax_t)status.st_ino);
	while (fgets(line, sizeof line, locks)) {
		int pid;

		if (strstr(line, wanted) && !strstr(line, "->") &&
		    sscanf(line, "%*s %*s %*s %*s %d", &pid) == 1)
			return pid;
	}
	return 0;
}

/*
 * The lock is on the directory: this needs no lock file, and is the same for every process that may
 * replace the key file. flock(2) has no timeout, hence the polling.
 */
int keystore_lock(struct keystore *store, const struct deadline *deadline,
		  void (*waiting)(pid_t holder), struct reason *why)
{
	cleanup_free char *copy = strdup(store->path);
	const char *directory = copy ? dirname(copy) : "";
	cleanup_fd int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool notified = false;

	if (fd < 0)
		return reason_errno(why, errno,
				    "Cannot open %s, the directory of the key file; install the "
				    "agent, or %s",
				    directory, setting_words("set directory in [agent]"));
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		struct deadline pause = deadline_in(LOCK_POLL_USEC, deadline);
		int r;

		if (errno != EWOULDBLOCK)
			return reason_errno(why, errno, "Cannot lock %s", directory);
		if (!notified && waiting)
			waiting(lock_holder(fd));
		notified = true;
		r = deadline_wait(&pause, -1, 0);
		if (r != -ETIMEDOUT)
			return r;
		if (monotonic_usec() >= deadline->at) {
			reason_set(why, "Another agent-register (PID %d) is still using %s",
				   (int)lock_holder(fd), store->path);
			return -ETIMEDOUT;
		}
	}
	store->lock = take_fd(&fd);
	return 0;
}

/* ------------------------------------------------------------------ storing */

/*
 * The id in a line "NAME:PASSWORD:ID:MEMBERS" of a group file, if it is that of `name`; -1
 * otherwise.
 */
static long group_line_id(const char *line, const char *name)
{
	size_t length = strlen(name);
	const char *password = line + length + 1, *id;

	if (strncmp(line, name, length) != 0 || line[length] != ':')
		return -1;
	id = strchr(password, ':');
	return id && id[1] >= '0' && id[1] <= '9' ? strtol(id + 1, NULL, 10) : -1;
}

/* The agent's group by its name, newer names first. */
static const char *const agent_groups[] = { "wazuh", "ossec" };

#define AGENT_GROUPS (sizeof agent_groups / sizeof agent_groups[0])

/*
 * Find the agent's group in a file of local groups: its package created it. The file is read
 * directly, because NSS takes more memory and time than everything else in storing a key.
 */
static gid_t find_local_group(const char *path)
{
	cleanup_file FILE *file = fopen(path, "re");
	cleanup_free char *line = NULL;
	long found[AGENT_GROUPS] = { -1, -1 };
	size_t allocated = 0;

	while (file && getline(&line, &allocated, file) > 0)
		for (size_t i = 0; i < AGENT_GROUPS; i++)
			if (found[i] < 0)
				found[i] = group_line_id(line, agent_groups[i]);
	return (gid_t)(found[0] >= 0 ? found[0] : found[1]);
}

/* An installed agent has given its group to the directory, so only then is NSS worth its cost. */
static bool may_have_remote_group(const struct keystore *store)
{
	struct stat status;

	return store->lock < 0 || fstat(store->lock, &status) < 0 || status.st_gid != getegid();
}

/* The agent's group from a file or, for groups of SSSD and the like, from NSS; (gid_t)-1: none. */
static gid_t find_agent_group(const struct keystore *store)
{
	gid_t found = find_local_group("/etc/group");

	if (found == (gid_t)-1)
		/* on systems with a read-only /usr */
		found = find_local_group("/usr/lib/group");
	for (size_t i = 0; found == (gid_t)-1 && i < AGENT_GROUPS && may_have_remote_group(store);
	     i++) {
		const struct group *group = getgrnam(agent_groups[i]);

		if (group)
			found = group->gr_gid;
	}
	return found;
}

int keystore_group(const struct keystore *store, gid_t *ret, struct reason *why)
{
	const struct group *group;

	if (!store->group) {
		*ret = find_agent_group(store);
		return 0;
	}
	group = getgrnam(store->group);
	if (!group) {
		reason_set(why, "The group '%s' (%s) does not exist", store->group,
			   setting_words("group in [agent]"));
		return -ENOENT;
	}
	*ret = group->gr_gid;
	return 0;
}

/*
 * Single files may be mounted into containers. Always false before Linux 5.8, which introduced
 * STATX_ATTR_MOUNT_ROOT.
 */
static bool is_mount_point(int fd)
{
	struct statx status;

	return statx(fd, "", AT_EMPTY_PATH, 0, &status) == 0 &&
	       (status.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* An immutable file or a mount point can be read and linked; only the final rename would fail. */
static int check_replaceable(const char *path, struct reason *why)
{
	struct stat status;
	cleanup_fd int fd = open_keys(path, &status, why);
	int flags = 0;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0 && (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL))) {
		reason_set(why, "%s is marked %s; clear it with: chattr -%c %s", path,
			   flags & FS_IMMUTABLE_FL ? "immutable" : "append-only",
			   flags & FS_IMMUTABLE_FL ? 'i' : 'a', path);
		return -EPERM;
	}
	if (is_mount_point(fd)) {
		reason_set(why,
			   "%s is a mount point and cannot be replaced; mount its directory "
			   "instead%s",
			   path, setting_words(", or set keys_file in [agent]"));
		return -EBUSY;
	}
	return 0;
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
	int flags = 0;

	if (ioctl(store->lock, FS_IOC_GETFLAGS, &flags) == 0 &&
	    (flags & (FS_IMMUTABLE_FL | FS_APPEND_FL))) {
		reason_set(why,
			   "The directory of %s is marked immutable or append-only; clear it with: "
			   "chattr -i -a %.*s",
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

int keystore_stage(struct keystore *store, struct reason *why)
{
	gid_t group;
	int r = check_replaceable(store->path, why);

	if (r >= 0)
		r = check_directory(store, why);
	if (r >= 0)
		r = keystore_group(store, &group, why);
	if (r >= 0)
		r = atomic_file_stage(&store->staged, store->path, KEYS_MODE, group,
				      AGENT_LINE_SIZE, why);
	return r;
}

int keystore_remove_staged(const struct keystore *store, struct reason *why)
{
	struct atomic_file leftover;
	/* this replaces the leftover file */
	int r = atomic_file_stage(&leftover, store->path, KEYS_MODE, (gid_t)-1, 0, why);

	if (r >= 0)
		atomic_file_discard(&leftover);
	return r;
}

int keystore_commit(struct keystore *store, const struct agent_key *key, const char *suffix,
		    struct reason *why)
{
	char line[AGENT_LINE_SIZE + 1], backup_name[128];
	size_t length = agent_key_format(line, key);
	const char *slash = strrchr(store->path, '/');
	int r;

	if (suffix)
		(void)snprintf(backup_name, sizeof backup_name, "%s.%s",
			       slash ? slash + 1 : store->path, suffix);
	r = atomic_file_commit(&store->staged, line, length, suffix ? backup_name : NULL, why);
	explicit_bzero(line, sizeof line);
	return r;
}
