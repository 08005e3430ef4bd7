/* SPDX-License-Identifier: ISC */
/*
 * Noticing that files on which a run depends are changed while it waits. Events of inotify(7) only
 * say when to look; what counts is whether the files are others than before, so nothing else that
 * happens in their directories matters, and nothing is missed while nobody waits.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a file is watched for, as flags. */
#define FILE_WATCH_CONFIG 1u      /* the configuration, and what it names */
#define FILE_WATCH_CREDENTIALS 2u /* what systemd hands out when it starts the service */

/*
 * Opened by file_watch_open(), closed by file_watch_close(). What cannot be watched, because memory
 * or watches are short, is not: then its change is only noticed by the next start.
 */
struct file_watch {
	int fd; /* readable: look; -1: nothing can be watched */
	struct watched_file *files;
	size_t count;
};

#define FILE_WATCH_NULL  \
	{                \
		.fd = -1 \
	}

void file_watch_open(struct file_watch *watch);

/*
 * Watch the file `path`, as it is now, which need not exist. If `prefix` or `suffix` is not null,
 * `path` is a directory, of which all files are watched whose names begin and end so. `purpose` is
 * one of FILE_WATCH_....
 */
void file_watch_add(struct file_watch *watch, unsigned int purpose, const char *path,
		    const char *prefix, const char *suffix);

/*
 * Take the events so far and look at the files. Returns the purposes of those that have changed
 * since they were added or since the last call that returned them.
 */
unsigned int file_watch_changed(struct file_watch *watch) must_check;

void file_watch_close(struct file_watch *watch);
