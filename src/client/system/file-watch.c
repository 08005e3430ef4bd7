/* SPDX-License-Identifier: ISC */
#include "client/system/file-watch.h"

#include "common/checksum.h"
#include "common/cleanup.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENTS                                                                              \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | \
	 IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct watched_file {
	unsigned int purpose;
	char *path;
	const char *prefix, *suffix; /* of the names in the directory `path`; null: a file */
	uint64_t seen;               /* its fingerprint */
};

/* ------------------------------------------------------------------ what a file is */

/* Another number whenever another file, or another content, is at `path`; through links. */
static uint64_t fingerprint(const char *path)
{
	uint64_t sum = checksum_add(CHECKSUM_START, path, strlen(path));
	struct stat status;

	if (stat(path, &status) < 0)
		return sum;
	sum = checksum_add(sum, &status.st_dev, sizeof status.st_dev);
	sum = checksum_add(sum, &status.st_ino, sizeof status.st_ino);
	sum = checksum_add(sum, &status.st_size, sizeof status.st_size);
	sum = checksum_add(sum, &status.st_mode, sizeof status.st_mode);
	sum = checksum_add(sum, &status.st_mtim.tv_sec, sizeof status.st_mtim.tv_sec);
	return checksum_add(sum, &status.st_mtim.tv_nsec, sizeof status.st_mtim.tv_nsec);
}

static bool is_one_of_these(const struct watched_file *file, const char *name)
{
	size_t length = strlen(name), prefix = strlen(file->prefix ?: ""),
	       suffix = strlen(file->suffix ?: "");

	return length >= prefix + suffix && memcmp(name, file->prefix ?: "", prefix) == 0 &&
	       memcmp(name + length - suffix, file->suffix ?: "", suffix) == 0;
}

/* The sum, because a directory has no order. */
static uint64_t directory_fingerprint(const struct watched_file *file)
{
	DIR *stream = opendir(file->path);
	uint64_t sum = 0;
	struct dirent *entry;

	while (stream && (entry = readdir(stream))) {
		char path[PATH_MAX];

		if (is_one_of_these(file, entry->d_name) &&
		    snprintf(path, sizeof path, "%s/%s", file->path, entry->d_name) <
			    (int)sizeof path)
			sum += fingerprint(path);
	}
	if (stream)
		closedir(stream);
	return sum;
}

static bool is_directory(const struct watched_file *file)
{
	return file->prefix || file->suffix;
}

static uint64_t look_at(const struct watched_file *file)
{
	return is_directory(file) ? directory_fingerprint(file) : fingerprint(file->path);
}

/* ------------------------------------------------------------------ where it changes */

/* The directory that `path` is in, or the first one above it that exists. */
static void watch_above(int fd, const char *path)
{
	char above[PATH_MAX];
	char *end;

	if (snprintf(above, sizeof above, "%s", path) >= (int)sizeof above)
		return;
	while ((end = strrchr(above, '/'))) {
		end[end == above] = '\0';
		if (inotify_add_watch(fd, above, EVENTS) >= 0 || end == above)
			return;
	}
}

/*
 * A link changes in its directory, and what it leads to in another one. Directories that are
 * watched already stay so, and what has come into being since is added.
 */
static void watch_places(const struct file_watch *watch, const struct watched_file *file)
{
	char target[PATH_MAX];

	if (watch->fd < 0)
		return;
	watch_above(watch->fd, file->path);
	if (is_directory(file))
		(void)inotify_add_watch(watch->fd, file->path, EVENTS);
	else if (realpath(file->path, target))
		watch_above(watch->fd, target);
}

/* ------------------------------------------------------------------ a watch */

void file_watch_open(struct file_watch *watch)
{
	*watch = (struct file_watch){ .fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK) };
}

void file_watch_add(struct file_watch *watch, unsigned int purpose, const char *path,
		    const char *prefix, const char *suffix)
{
	struct watched_file *files, *file;

	if (watch->fd < 0)
		return;
	files = reallocarray(watch->files, watch->count + 1, sizeof *files);
	if (!files)
		return;
	watch->files = files;
	file = &files[watch->count];
	*file = (struct watched_file){ purpose, strdup(path), prefix, suffix, 0 };
	if (!file->path)
		return;
	watch->count++;
	watch_places(watch, file);
	file->seen = look_at(file);
}

static void drain(int fd)
{
	_Alignas(struct inotify_event) char events[4096];

	while (read(fd, events, sizeof events) > 0)
		;
}

unsigned int file_watch_changed(struct file_watch *watch)
{
	unsigned int changed = 0;

	if (watch->fd >= 0)
		drain(watch->fd);
	for (size_t i = 0; i < watch->count; i++) {
		struct watched_file *file = &watch->files[i];
		uint64_t now;

		watch_places(watch, file);
		now = look_at(file);
		if (now != file->seen)
			changed |= file->purpose;
		file->seen = now;
	}
	return changed;
}

void file_watch_close(struct file_watch *watch)
{
	release_fd(&watch->fd);
	for (size_t i = 0; i < watch->count; i++)
		free(watch->files[i].path);
	free(watch->files);
	*watch = (struct file_watch)FILE_WATCH_NULL;
}
