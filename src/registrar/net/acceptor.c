/* SPDX-License-Identifier: ISC */
#include "registrar/net/acceptor.h"

#include "common/deadline.h"
#include "common/log.h"
#include "registrar/net/plan-event.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ACCEPTS_AT_ONCE 64                /* then other events get their turn */
#define LIMIT_SILENCE (60 * USEC_PER_SEC) /* between two warnings about the limit */

static const struct timeval retry_time = { .tv_usec = 200 * 1000 };
static const struct timeval room_time = { .tv_usec = 20 * 1000 }; /* until another may give way */

enum pause {
	PAUSE_NONE,
	PAUSE_TURN,        /* others get theirs */
	PAUSE_DESCRIPTORS, /* there are none for a moment */
	PAUSE_LIMIT,       /* until a connection ends */
};

struct acceptor {
	struct acceptor_settings settings;
	acceptor_callback *accepted;
	void *owner;
	struct evconnlistener *listeners[ACCEPTOR_LISTENERS_MAX];
	size_t listener_count;
	size_t own_count; /* the first of them, which are ours to free */
	struct event *resume;
	size_t open;
	unsigned int accepted_at_once;
	enum pause pause;
	bool stopped;
	uint64_t limit_warned_at; /* monotonic_usec(); 0: never */
	struct acceptor *next;
};

/*
 * libevent calls the callback for errors with the data of the listener's other callback, which
 * evhttp sets: so an acceptor is found by its listener.
 */
static struct acceptor *acceptors;

static struct acceptor *find_acceptor(const struct evconnlistener *listener)
{
	for (struct acceptor *acceptor = acceptors; acceptor; acceptor = acceptor->next)
		for (size_t i = 0; i < acceptor->listener_count; i++)
			if (acceptor->listeners[i] == listener)
				return acceptor;
	return NULL;
}

/* ------------------------------------------------------------------ pausing */

static void set_pause(struct acceptor *acceptor, enum pause pause)
{
	for (size_t i = 0; i < acceptor->listener_count; i++)
		(void)evconnlistener_disable(acceptor->listeners[i]);
	acceptor->pause = pause;
}

/* Listeners that cannot be watched now are tried again, when a connection ends at the latest. */
static void end_pause(struct acceptor *acceptor)
{
	acceptor->pause = PAUSE_NONE;
	for (size_t i = 0; i < acceptor->listener_count; i++)
		if (evconnlistener_enable(acceptor->listeners[i]) < 0)
			acceptor->pause = PAUSE_LIMIT;
	if (acceptor->pause != PAUSE_NONE && event_add(acceptor->resume, &retry_time) < 0)
		log_error("Out of memory: no connections%s are accepted until one ends",
			  acceptor->settings.target);
}

/*
 * No further one may come. Where others give way, the last one of those that are allowed does not
 * stop accepting: who comes then finds somebody to take the place of.
 */
static bool is_full(const struct acceptor *acceptor)
{
	size_t limit = acceptor->settings.max_connections;

	return acceptor->settings.make_room ? acceptor->open > limit : acceptor->open >= limit;
}

static void resume_if_possible(struct acceptor *acceptor)
{
	acceptor->accepted_at_once = 0;
	if (acceptor->pause != PAUSE_NONE && !acceptor->stopped && !is_full(acceptor))
		end_pause(acceptor);
}

static bool make_room(struct acceptor *acceptor)
{
	const struct acceptor_settings *settings = &acceptor->settings;

	return settings->make_room && settings->make_room(settings->owner);
}

static void on_resume(evutil_socket_t fd, short what, void *argument)
{
	struct acceptor *acceptor = argument;

	(void)fd, (void)what;
	/*
	 * One that gives way may have gone already, or goes soon, and then resumes; as any other
	 * that goes, if this timer cannot be set.
	 */
	if (is_full(acceptor) && !acceptor->stopped && acceptor->settings.make_room &&
	    !make_room(acceptor))
		(void)event_add(acceptor->resume, &room_time);
	resume_if_possible(acceptor);
}

static void warn_of_limit(struct acceptor *acceptor)
{
	const struct acceptor_settings *settings = &acceptor->settings;
	uint64_t now = monotonic_usec();

	if (acceptor->limit_warned_at != 0 && now < acceptor->limit_warned_at + LIMIT_SILENCE)
		return;
	acceptor->limit_warned_at = now;
	log_warning("%zu connections%s are open; others wait until one ends%s%s%s", acceptor->open,
		    settings->target, settings->limit_option ? " (" : "",
		    settings->limit_option ?: "", settings->limit_option ? ")" : "");
}

/* What is wrong with one connection alone needs no pause: it is gone. */
static void on_error(struct evconnlistener *listener, void *argument)
{
	struct acceptor *acceptor = find_acceptor(listener);
	int error = EVUTIL_SOCKET_ERROR();

	(void)argument;
	if (!acceptor ||
	    (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM))
		return;
	log_warning("Cannot accept connections%s for a moment: %s", acceptor->settings.target,
		    strerror(error));
	set_pause(acceptor, PAUSE_DESCRIPTORS);
	plan_event(acceptor->resume, &retry_time);
}

/* After some, other events get their turn. */
static void count_turn(struct acceptor *acceptor)
{
	if (++acceptor->accepted_at_once < ACCEPTS_AT_ONCE || acceptor->pause != PAUSE_NONE)
		return;
	set_pause(acceptor, PAUSE_TURN);
	event_active(acceptor->resume, EV_TIMEOUT, 1);
}

void acceptor_turned_away(struct acceptor *acceptor)
{
	count_turn(acceptor);
}

void acceptor_opened(struct acceptor *acceptor)
{
	bool has_room = acceptor->open < acceptor->settings.max_connections || make_room(acceptor);

	acceptor->open++;
	if (is_full(acceptor)) {
		set_pause(acceptor, PAUSE_LIMIT);
		if (!acceptor->settings.make_room || !has_room)
			warn_of_limit(acceptor);
		if (!has_room)
			(void)event_add(acceptor->resume, &room_time);
	} else {
		count_turn(acceptor);
	}
}

void acceptor_closed(struct acceptor *acceptor)
{
	acceptor->open--;
	if (acceptor->pause == PAUSE_LIMIT)
		resume_if_possible(acceptor);
}

size_t acceptor_count(const struct acceptor *acceptor)
{
	return acceptor->open;
}

/* ------------------------------------------------------------------ listening */

static void on_accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
			int size, void *argument)
{
	struct acceptor *acceptor = argument;
	struct sockaddr_storage address = { 0 };

	(void)listener;
	memcpy(&address, peer, (size_t)size < sizeof address ? (size_t)size : sizeof address);
	acceptor->accepted(acceptor->owner, fd, &address);
}

int acceptor_adopt(struct acceptor *acceptor, struct evconnlistener *listener)
{
	acceptor->listeners[acceptor->listener_count++] = listener;
	evconnlistener_set_error_cb(listener, on_error);
	/* Whoever has made it need not have noticed that it does not listen. */
	return evconnlistener_enable(listener) < 0 ? -ENOMEM : 0;
}

int acceptor_listen(struct acceptor *acceptor, const struct listeners *listeners,
		    acceptor_callback *accepted, void *owner)
{
	acceptor->accepted = accepted;
	acceptor->owner = owner;
	for (size_t i = 0; i < listeners->count; i++) {
		struct evconnlistener *listener =
			evconnlistener_new(acceptor->settings.base, on_accepted, acceptor,
					   LEV_OPT_CLOSE_ON_EXEC, 0, listeners->fds[i]);

		if (!listener)
			return -ENOMEM;
		acceptor->own_count++;
		if (acceptor_adopt(acceptor, listener) < 0)
			return -ENOMEM;
	}
	return 0;
}

struct acceptor *acceptor_new(const struct acceptor_settings *settings)
{
	struct acceptor *acceptor = calloc(1, sizeof *acceptor);

	if (!acceptor)
		return NULL;
	acceptor->settings = *settings;
	acceptor->resume = evtimer_new(settings->base, on_resume, acceptor);
	if (!acceptor->resume) {
		free(acceptor);
		return NULL;
	}
	acceptor->next = acceptors;
	acceptors = acceptor;
	return acceptor;
}

void acceptor_stop(struct acceptor *acceptor)
{
	acceptor->stopped = true;
	set_pause(acceptor, PAUSE_LIMIT);
}

void acceptor_free(struct acceptor *acceptor)
{
	struct acceptor **at = &acceptors;

	if (!acceptor)
		return;
	while (*at != acceptor)
		at = &(*at)->next;
	*at = acceptor->next;
	for (size_t i = 0; i < acceptor->own_count; i++)
		evconnlistener_free(acceptor->listeners[i]);
	event_free(acceptor->resume);
	free(acceptor);
}
