/* SPDX-License-Identifier: ISC */
#include "registrar/agents/history.h"

#include "common/atomic-file.h"
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/directory.h"
#include "common/lock-holder.h"
#include "common/must-check.h"
#include "common/text-index.h"
#include "common/trusted-file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_NAME "agents-timestamp"
#define FILE_MODE 0600
#define DIRECTORY_MODE 0770
#define LOCK_PATIENCE (100 * USEC_PER_MSEC)
#define FILE_MAX (1024 * TRUSTED_FILE_MIB)
#define STAMP_SIZE sizeof("2026-11-21 12:34:56")
#define LINE_SIZE (AGENT_ID_MAX + AGENT_NAME_MAX + AGENT_IP_MAX + STAMP_SIZE + 5)

/* "QUEUE/NAME". Returns false when it does not fit. */
static bool make_path(char path[static PATH_MAX], const struct agent_history *history,
		      const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool make_path(char path[static PATH_MAX], const struct agent_history *history,
		      const char *format, ...)
{
	int length = snprintf(path, PATH_MAX, "%s/", history->queue);
	va_list arguments;

	if (length < 0 || length >= PATH_MAX)
		return false;
	va_start(arguments, format);
	length += vsnprintf(path + length, (size_t)(PATH_MAX - length), format, arguments);
	va_end(arguments);
	return length < PATH_MAX;
}

bool agent_history_exists(const struct agent_history *history)
{
	char path[PATH_MAX];
	struct stat status;

	return history->queue && make_path(path, history, FILE_NAME) &&
	       trusted_file_status(path, &status) == 0;
}

int agent_history_make(const struct agent_history *history, struct reason *why)
{
	char path[PATH_MAX];
	const struct trusted_file wanted = {
		.path = path,
		.flags = O_WRONLY | O_CREAT,
		.mode = FILE_MODE,
		.max = FILE_MAX,
	};
	cleanup_fd int fd = -1;

	if (!make_path(path, history, FILE_NAME))
		return reason_errno(why, ENAMETOOLONG, "Cannot make a file in %s", history->queue);
	if (mkdir(history->queue, DIRECTORY_MODE) < 0 && errno != EEXIST)
		return reason_errno(why, errno, "Cannot make the directory %s", history->queue);
	fd = trusted_file_open(&wanted, NULL, why);
	return fd < 0 ? fd : 0;
}

/*
 * Appending and replacing exclude each other by a lock on the directory, which only programs of
 * this package take, for a moment. Who cannot get it goes on without: a lost line costs less than a
 * manager that stands still.
 */
int agent_history_lock(const struct agent_history *history)
{
	int fd = directory_open(history->queue, NULL);

	if (fd >= 0)
		ignore_result(lock_directory(fd, history->queue, LOCK_PATIENCE, NULL));
	return fd;
}

/* ------------------------------------------------------------------ writing */

static size_t write_line(char line[static LINE_SIZE], const struct agent_event *event)
{
	char stamp[STAMP_SIZE];
	struct tm local;

	if (!localtime_r(&event->when, &local) ||
	    strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &local) == 0)
		return 0;
	return (size_t)snprintf(line, LINE_SIZE, "%s %s %s %s\n", event->id, event->name, event->ip,
				stamp);
}

/* Was the last write cut short? */
static bool lacks_newline(int fd, off_t size)
{
	char last;

	return size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

int agent_history_add(const struct agent_history *history, const struct agent_event *events,
		      size_t count, struct reason *why)
{
	cleanup_free char *text = NULL;
	cleanup_fd int lock = -1, fd = -1;
	char path[PATH_MAX];
	const struct trusted_file wanted = {
		.path = path,
		.flags = O_RDWR | O_APPEND,
		.max = FILE_MAX,
	};
	struct stat status;
	size_t length = 0;
	ssize_t written;

	if (!history->queue || count == 0 || !make_path(path, history, FILE_NAME))
		return 0;
	lock = agent_history_lock(history);
	fd = trusted_file_open(&wanted, &status, why);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	text = malloc(count * LINE_SIZE + 1);
	if (!text)
		return reason_errno(why, ENOMEM, "Cannot write %s", path);
	if (lacks_newline(fd, status.st_size))
		text[length++] = '\n';
	for (size_t i = 0; i < count; i++)
		length += write_line(text + length, &events[i]);
	written = write(fd, text, length);
	if (written < 0 || (size_t)written < length)
		return reason_errno(why, written < 0 ? errno : ENOSPC, "Cannot write %s", path);
	return 0;
}

/* ------------------------------------------------------------------ reading */

/* Returns 0, -ENODATA when there is no file, or another negative errno with `why` set. */
static int read_file(const struct agent_history *history, char **ret, size_t *ret_length,
		     struct stat *ret_status, struct reason *why)
{
	char path[PATH_MAX];
	const struct trusted_file wanted = { .path = path, .flags = O_RDONLY, .max = FILE_MAX };
	int r = -ENOENT;

	if (history->queue && make_path(path, history, FILE_NAME))
		r = trusted_file_read(&wanted, ret, ret_length, ret_status, why);
	return r == -ENOENT ? -ENODATA : r;
}

int agent_history_open(const struct agent_history *history, struct stat *ret)
{
	char path[PATH_MAX];
	const struct trusted_file wanted = { .path = path, .flags = O_RDONLY, .max = FILE_MAX };
	int fd = -ENOENT;

	if (history->queue && make_path(path, history, FILE_NAME))
		fd = trusted_file_open(&wanted, ret, NULL);
	return fd == -ENOENT ? -ENODATA : fd;
}

/*
 * The start of the next line with this id at or behind `at`, or null. What a crash has left, such
 * as zeros, hides no other line.
 */
static char *find_line(char *content, size_t size, char *at, const char *id)
{
	size_t length = strlen(id);

	while ((at = memmem(at, (size_t)(content + size - at), id, length))) {
		if ((at == content || at[-1] == '\n') && at[length] == ' ')
			return at;
		at += length;
	}
	return NULL;
}

int agent_history_parse(const char *line, const char *name, time_t *ret)
{
	char found[AGENT_NAME_MAX + 1], text[LINE_SIZE];
	struct tm local = { .tm_isdst = -1 };

	/* A blank in the format is also a newline. */
	(void)snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
	if (sscanf(text, "%*s %128s %*s %4d-%2d-%2d %2d:%2d:%2d", found, &local.tm_year,
		   &local.tm_mon, &local.tm_mday, &local.tm_hour, &local.tm_min,
		   &local.tm_sec) != 7 ||
	    strcmp(found, name) != 0)
		return -ENODATA;
	local.tm_year -= 1900;
	local.tm_mon -= 1;
	*ret = mktime(&local);
	return *ret == (time_t)-1 ? -ENODATA : 0;
}

/* The last line of an id counts: an id may have been used again. */
int agent_history_registered(const struct agent_history *history, const struct roster_entry *entry,
			     time_t *ret)
{
	cleanup_free char *content = NULL;
	size_t length;
	char *last = NULL;
	int r = read_file(history, &content, &length, NULL, NULL);

	if (r < 0)
		return r;
	for (char *at = content; (at = find_line(content, length, at, entry->id_text)); at++)
		last = at;
	return last ? agent_history_parse(last, entry->name, ret) : -ENODATA;
}

/* Is this file's modification time later? */
static int look_at(const char *path, time_t *latest)
{
	struct stat status;
	int r = trusted_file_status(path, &status);

	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	if (status.st_mtime > *latest)
		*latest = status.st_mtime;
	return 0;
}

int agent_history_seen(const struct agent_history *history, const struct roster_entry *entry,
		       time_t *ret)
{
	size_t base = strcspn(entry->ip, "/");
	char path[PATH_MAX];
	time_t latest = 0;
	int r = 0;

	if (!history->queue)
		return -ENODATA;
	if (make_path(path, history, "rids/%s", entry->id_text))
		r = look_at(path, &latest);
	if (r >= 0 &&
	    make_path(path, history, "agent-info/%s-%.*s", entry->name, (int)base, entry->ip))
		r = look_at(path, &latest);
	if (r < 0)
		return r;
	if (latest == 0)
		return -ENODATA;
	*ret = latest;
	return 0;
}

/* ------------------------------------------------------------------ forgetting */

/* Close the gaps that the lines of these ids leave. Returns whether there were any, or -ENOMEM. */
static int cut_lines(char *content, size_t *length, const char *const *ids, size_t count)
{
	struct text_index wanted = { .slots = NULL };
	char *kept = content, *end = content + *length;
	int r = 0;

	for (size_t i = 0; i < count && r >= 0; i++)
		r = text_index_add(&wanted, ids[i], strlen(ids[i]), (void *)(uintptr_t)ids[i]);
	for (char *line = content, *next; r >= 0 && line < end; line = next) {
		char *newline = memchr(line, '\n', (size_t)(end - line));

		next = newline ? newline + 1 : end;
		if (text_index_find(&wanted, line, strcspn(line, " \n")))
			continue;
		memmove(kept, line, (size_t)(next - line));
		kept += next - line;
	}
	text_index_clear(&wanted);
	if (r < 0)
		return r;
	r = kept < end;
	*length = (size_t)(kept - content);
	return r;
}

int agent_history_stage(const struct agent_history *history, const struct stat *old, size_t room,
			struct atomic_file *ret, struct reason *why)
{
	char path[PATH_MAX];
	int r;

	if (!make_path(path, history, FILE_NAME))
		return reason_errno(why, ENAMETOOLONG, "Cannot make a file in %s", history->queue);
	r = atomic_file_stage(ret, path, old->st_mode & 0777, old->st_gid, room, why);
	if (r >= 0 && old->st_uid != geteuid() && fchown(ret->fd, old->st_uid, (gid_t)-1) == 0)
		(void)fchmod(ret->fd, old->st_mode & 0777);
	return r;
}

static int forget_lines(const struct agent_history *history, const char *const *ids, size_t count,
			struct reason *why)
{
	cleanup(atomic_file_discard) struct atomic_file file = ATOMIC_FILE_NULL;
	cleanup_free char *content = NULL;
	struct stat status;
	cleanup_fd int lock = -1;
	size_t length;
	int r;

	lock = agent_history_lock(history);
	r = read_file(history, &content, &length, &status, why);
	if (r < 0)
		return r == -ENODATA ? 0 : r;
	r = cut_lines(content, &length, ids, count);
	if (r < 0)
		return reason_errno(why, r, "Cannot rewrite " FILE_NAME " in %s", history->queue);
	if (r == 0)
		return 0;
	r = agent_history_stage(history, &status, length, &file, why);
	if (r >= 0)
		r = atomic_file_commit(&file, content, length, NULL, why);
	return r < 0 ? r : 0;
}

int agent_history_forget_counters(const struct agent_history *history, const char *const *ids,
				  size_t count, struct reason *why)
{
	char path[PATH_MAX];

	if (!history->queue || count == 0 || !make_path(path, history, "rids"))
		return 0;
	return trusted_file_remove_all(path, ids, count, why);
}

int agent_history_forget_all(const struct agent_history *history, const char *const *ids,
			     size_t count, struct reason *why)
{
	int r;

	if (!history->queue || count == 0)
		return 0;
	r = agent_history_forget_counters(history, ids, count, why);
	return r < 0 ? r : forget_lines(history, ids, count, why);
}
