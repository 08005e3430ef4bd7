/* SPDX-License-Identifier: ISC */
/*
 * Noticing that another program changed client.keys, by inotify(7) on its directory, since the file
 * is replaced by a rename; and reading it then, and not only with the next request.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/agents/roster.h"

#include <event2/event.h>
#include <stdbool.h>

struct keys_watch_settings {
	struct event_base *base;
	const char *directory; /* of the file */
	struct roster *roster;
	/* Something was changed there, perhaps by ourselves: call keys_watch_read() soon. */
	void (*changed)(void *owner);
	void *owner;
};

/* Zero: there is none. */
struct keys_watch {
	struct keys_watch_settings settings;
	struct event *event; /* null: the file cannot be watched */
	bool has_news;       /* which have not been looked at */
	bool others_wrote;   /* perhaps only we ourselves; reading again costs nothing then */
};

/*
 * Begin to watch. What cannot be watched is read with the next request only. Returns 0 or -ENOMEM.
 */
int keys_watch_begin(struct keys_watch *watch,
		     const struct keys_watch_settings *settings) must_check;

/*
 * Look at what was changed, and read the file again if that was it; what is wrong with it is
 * logged. False: it is locked, and still to be read.
 */
bool keys_watch_read(struct keys_watch *watch) must_check;

/* Fit for cleanup(). */
void keys_watch_end(struct keys_watch *watch);
