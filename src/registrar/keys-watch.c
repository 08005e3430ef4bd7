/* SPDX-License-Identifier: ISC */
#include "registrar/keys-watch.h"

#include "common/cleanup.h"

#include <string.h>
#include <sys/inotify.h>

int keys_watch_open(const char *directory)
{
	cleanup_fd int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0 || inotify_add_watch(fd, directory,
					IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR) < 0)
		return -errno;
	return take_fd(&fd);
}

static bool is_about(const struct inotify_event *event, const char *name)
{
	/* Too many events were lost for us to know. */
	return (event->mask & IN_Q_OVERFLOW) || (event->len > 0 && strcmp(event->name, name) == 0);
}

bool keys_watch_saw(int fd, const char *name)
{
	_Alignas(struct inotify_event) char events[4096];
	bool seen = false;
	ssize_t length;

	while ((length = read(fd, events, sizeof events)) > 0)
		for (const char *at = events; at < events + length;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			seen |= is_about(event, name);
			at += sizeof *event + event->len;
		}
	return seen;
}
