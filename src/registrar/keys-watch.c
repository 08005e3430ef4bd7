/* SPDX-License-Identifier: ISC */
#include "registrar/keys-watch.h"

#include "common/cleanup.h"
#include "common/log.h"

#include <string.h>
#include <sys/inotify.h>

/* Returns a descriptor that gets readable when something happens there, or a negative errno. */
static int open_watch(const char *directory)
{
	cleanup_fd int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0 || inotify_add_watch(fd, directory,
					IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR) < 0)
		return -errno;
	return take_fd(&fd);
}

static bool is_about_keys(const struct inotify_event *event)
{
	/* Too many events were lost for us to know. */
	return (event->mask & IN_Q_OVERFLOW) ||
	       (event->len > 0 && strcmp(event->name, "client.keys") == 0);
}

/* Read what happened. Was the file written, replaced or removed? */
static bool was_changed(int fd)
{
	_Alignas(struct inotify_event) char events[4096];
	bool seen = false;
	ssize_t length;

	while ((length = read(fd, events, sizeof events)) > 0)
		for (const char *at = events; at < events + length;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			seen |= is_about_keys(event);
			at += sizeof *event + event->len;
		}
	return seen;
}

/*
 * Once, until that is read: each transaction of ours is such an event, and the kernel makes one of
 * those that follow each other.
 */
static void on_watch(evutil_socket_t fd, short what, void *argument)
{
	struct keys_watch *watch = argument;

	(void)fd, (void)what;
	watch->has_news = true;
	watch->settings.changed(watch->settings.owner);
}

static void read_news(struct keys_watch *watch)
{
	if (!watch->has_news)
		return;
	watch->others_wrote |= was_changed(event_get_fd(watch->event));
	watch->has_news = event_add(watch->event, NULL) < 0; /* then it is tried again */
}

int keys_watch_begin(struct keys_watch *watch, const struct keys_watch_settings *settings)
{
	cleanup_fd int fd = open_watch(settings->directory);

	*watch = (struct keys_watch){ .settings = *settings };
	if (fd < 0)
		return 0;
	watch->event = event_new(settings->base, fd, EV_READ, on_watch, watch);
	if (!watch->event)
		return -ENOMEM;
	(void)take_fd(&fd);
	return event_add(watch->event, NULL) < 0 ? -ENOMEM : 0;
}

bool keys_watch_read(struct keys_watch *watch)
{
	struct reason why;
	int r;

	read_news(watch);
	if (!watch->others_wrote)
		return true;
	r = roster_begin(watch->settings.roster, &why);
	if (r == -EAGAIN)
		return false;
	watch->others_wrote = false;
	if (r < 0)
		log_warning("%s", why.text);
	else
		roster_cancel(watch->settings.roster);
	return true;
}

void keys_watch_end(struct keys_watch *watch)
{
	if (!watch->event)
		return;
	close(event_get_fd(watch->event));
	event_free(watch->event);
	watch->event = NULL;
}
