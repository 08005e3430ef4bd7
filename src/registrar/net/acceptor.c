/* SPDX-License-Identifier: ISC */
#include "registrar/net/acceptor.h"

#include "common/deadline.h"
#include "common/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ACCEPTS_AT_ONCE 64                /* then other events get their turn */
#define LIMIT_SILENCE (60 * USEC_PER_SEC) /* between two warnings about the limit */

static const struct timeval retry_time = { .tv_usec = 200 * 1000 };

struct acceptor {
	struct acceptor_settings settings;
	acceptor_callback *accepted;
	void *owner;
	struct evconnlistener *listeners[LISTENERS_MAX];
	size_t listener_count;
	size_t own_count; /* the first of them, which are ours to free */
	struct event *resume;
	size_t open;
	unsigned int accepted_at_once;
	bool paused, stopped;
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

static void set_accepting(struct acceptor *acceptor, bool accept)
{
	for (size_t i = 0; i < acceptor->listener_count; i++)
		(void)(accept ? evconnlistener_enable(acceptor->listeners[i])
			      : evconnlistener_disable(acceptor->listeners[i]));
	acceptor->paused = !accept;
}

static void resume_if_possible(struct acceptor *acceptor)
{
	acceptor->accepted_at_once = 0;
	if (acceptor->paused && !acceptor->stopped &&
	    acceptor->open < acceptor->settings.max_connections)
		set_accepting(acceptor, true);
}

static void on_resume(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what;
	resume_if_possible(argument);
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
	set_accepting(acceptor, false);
	(void)event_add(acceptor->resume, &retry_time);
}

void acceptor_opened(struct acceptor *acceptor)
{
	acceptor->open++;
	if (acceptor->open >= acceptor->settings.max_connections) {
		set_accepting(acceptor, false);
		warn_of_limit(acceptor);
	} else if (++acceptor->accepted_at_once >= ACCEPTS_AT_ONCE) {
		set_accepting(acceptor, false);
		event_active(acceptor->resume, EV_TIMEOUT, 1);
	}
}

void acceptor_closed(struct acceptor *acceptor)
{
	acceptor->open--;
	if (!event_pending(acceptor->resume, EV_TIMEOUT, NULL))
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

void acceptor_adopt(struct acceptor *acceptor, struct evconnlistener *listener)
{
	acceptor->listeners[acceptor->listener_count++] = listener;
	evconnlistener_set_error_cb(listener, on_error);
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
		acceptor_adopt(acceptor, listener);
		acceptor->own_count++;
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
	set_accepting(acceptor, false);
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
