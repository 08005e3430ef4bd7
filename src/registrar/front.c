/* SPDX-License-Identifier: ISC */
#include "registrar/front.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"
#include "registrar/front-serving.h"
#include "registrar/net/loop-events.h"
#include "registrar/net/plan-event.h"
#include "registrar/net/priority.h"
#include "registrar/registry/remote-registry.h"
#include "registrar/watchdog.h"

#include <inttypes.h>
#include <signal.h>
#include <systemd/sd-daemon.h>

/*
 * A transaction costs the keeper a third of a handshake; this is as long as some handshakes take.
 */
#define GATHERING (5 * USEC_PER_MSEC)

static const struct timeval report_time = { .tv_sec = 1 };
static const struct timeval stop_time = { .tv_usec = 700 * 1000 };
static const struct timeval memory_time = { .tv_sec = 1 }; /* until there may be some again */

struct front_events {
	struct event *signals[2], *hangup, *watchdog;
	struct event *report;  /* pending: the last one was sent lately */
	struct event *give_up; /* waiting for the last answers */
};

/* The material is asked for, again and again. */
struct material_wish {
	struct registry_request request;
	struct event *again; /* pending: there was no memory for it */
	bool is_reload;      /* somebody wants to know what comes of it */
	uint64_t reloads;    /* that this keeper has told of */
};

struct front {
	const struct front_settings *settings;
	struct event_base *base;
	struct registry *registry; /* the keeper */
	struct front_serving serving;
	struct material_wish material;
	struct front_report report;
	struct front_events events;
	bool is_connected, was_connected;
	bool has_news; /* since the last report */
	bool is_stopping;

	int result; /* of front_run() */
	struct reason failure;
};

/* ------------------------------------------------------------------ reporting */

static bool is_serving(const struct front *front)
{
	return front->serving.authd != NULL;
}

static void count(struct front *front)
{
	struct authd_counts counts = authd_counts(front->serving.authd);

	front->report.registered = counts.registered;
	front->report.refused = counts.refused;
	front->report.connections = counts.connections;
}

static void send_report(struct front *front, bool is_asked)
{
	struct front_report report;

	if (is_serving(front))
		count(front);
	report = front->report;
	report.is_asked = is_asked;
	remote_registry_report(front->registry, &report);
	if (report.is_serving && !is_asked)
		(void)sd_notifyf(0,
				 "STATUS=Since the start %" PRIu64 " registered, %" PRIu64
				 " refused; %" PRIu64 " connections",
				 report.registered, report.refused, report.connections);
}

/* What has changed meanwhile. */
static void on_report(evutil_socket_t fd, short what, void *argument)
{
	struct front *front = argument;

	(void)fd, (void)what;
	if (!front->has_news)
		return;
	front->has_news = false;
	send_report(front, false);
	(void)event_add(front->events.report, &report_time); /* without it, the next one is early */
}

/* Counts have changed: report them, but at most once a second. */
static void report_change(struct front *front)
{
	front->has_news = true;
	if (!evtimer_pending(front->events.report, NULL))
		on_report(-1, 0, front);
}

/* ------------------------------------------------------------------ stopping */

static void leave(struct front *front)
{
	(void)event_base_loopbreak(front->base);
}

static void fail(struct front *front, int result, const struct reason *why)
{
	front->result = result;
	front->failure = *why;
	leave(front);
}

static void stop_when_idle(struct front *front)
{
	if (front_serving_is_idle(&front->serving))
		leave(front);
}

static void on_change(void *owner)
{
	struct front *front = owner;

	report_change(front);
	if (front->is_stopping)
		stop_when_idle(front);
}

static void on_give_up(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what;
	leave(argument);
}

/* Accept no more, let out the answers that are under way, close the rest. */
static void stop(struct front *front)
{
	if (front->is_stopping)
		return;
	(void)sd_notify(0, "STOPPING=1");
	front->is_stopping = true;
	front_serving_stop(&front->serving);
	plan_event(front->events.give_up, &stop_time);
	stop_when_idle(front);
}

/* A child has its keeper stop, too, which says so for both. */
static void on_signal(evutil_socket_t number, short what, void *argument)
{
	struct front *front = argument;

	(void)what;
	if (front->is_stopping)
		return;
	if (front->settings->is_child) {
		front->report.stopped_by = (uint8_t)number;
		send_report(front, false);
	} else {
		log_info("Stopping on %s", number == SIGINT ? "SIGINT" : "SIGTERM");
	}
	stop(front);
}

static void announce(struct front *front)
{
	const struct front_settings *settings = front->settings;

	front_serving_announce(&front->serving);
	(void)sd_notify(0, "READY=1\nSTATUS=Waiting for the first request");
	if (settings->ready)
		settings->ready(settings->owner);
	front->report.is_serving = true;
	remote_registry_report(front->registry, &front->report);
}

/* ------------------------------------------------------------------ material */

/* systemd takes a reload for done with READY=1, whatever has come of it (sd_notify(3)). */
static void finish_reload(struct front *front)
{
	front->material.is_reload = false;
	front->report.reloads = front->material.reloads;
	(void)sd_notify(0, "READY=1");
	send_report(front, false);
}

/* Not ready, or not reloaded, until it has come; what is in use stays so for that long. */
static void plan_asking_again(struct front *front, const struct reason *why)
{
	if (is_serving(front) && event_add(front->material.again, &memory_time) == 0)
		log_error("Certificate, private key and password will be asked for again: %s",
			  why->text);
	else
		fail(front, -ENOMEM, why);
}

static void take_material(struct front *front, const struct material *material)
{
	const bool is_first = !is_serving(front);
	struct reason why;
	int r = front_serving_use(&front->serving, material, &why);

	if (r == -ENOMEM && !is_first)
		plan_asking_again(front, &why);
	else if (r < 0) /* going on with another password than the keeper's would help nobody */
		fail(front, r, &why);
	else if (is_first)
		announce(front);
	else if (front->material.is_reload)
		log_notice("Certificate, private key, password and users were reloaded");
}

/* With the keeper gone, its successor is asked. */
static void do_without_material(struct front *front)
{
	struct reason why;

	if (is_serving(front) || !front->is_connected)
		return;
	reason_set(&why, "The keeper does not hand out certificate and key; its log says why");
	fail(front, -EIO, &why);
}

static void on_material(void *owner, struct registry_answer *answer)
{
	struct front *front = owner;
	struct reason no_memory;

	if (front->is_stopping) /* what serves is gone, or going */
		return;
	reason_set(&no_memory, "Out of memory");
	if (answer->outcome == REGISTRY_DECIDED)
		take_material(front, &answer->material.material);
	else if (answer->outcome == REGISTRY_NO_MEMORY)
		plan_asking_again(front, &no_memory);
	else
		do_without_material(front);
	if (front->material.is_reload && front->is_connected && front->result == 0 &&
	    !evtimer_pending(front->material.again, NULL))
		finish_reload(front);
}

static void ask_for_material(struct front *front)
{
	struct registry_request *request = &front->material.request;
	struct reason why;

	registry_withdraw(request); /* of files that have changed again since */
	(void)event_del(front->material.again);
	*request = (struct registry_request){
		.type = REGISTRY_MATERIAL,
		.answered = on_material,
		.owner = front,
	};
	if (registry_submit(front->registry, request) == 0)
		return;
	(void)reason_errno(&why, ENOMEM, "Cannot ask the keeper");
	plan_asking_again(front, &why);
}

static void on_again(evutil_socket_t fd, short what, void *argument)
{
	struct front *front = argument;

	(void)fd, (void)what;
	if (!front->is_stopping)
		ask_for_material(front);
}

static void reload(struct front *front)
{
	front->material.is_reload = true;
	ask_for_material(front);
}

/* A child has a keeper for that. */
static void on_hangup(evutil_socket_t number, short what, void *argument)
{
	struct front *front = argument;

	(void)number, (void)what;
	if (front->is_stopping || front->settings->is_child || !is_serving(front))
		return;
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_usec());
	reload(front);
}

/* ------------------------------------------------------------------ the keeper */

static int connect_keeper(void *owner)
{
	const struct front_settings *settings = ((struct front *)owner)->settings;

	return settings->connect(settings->owner);
}

/* Whoever is there now may have other files, and knows nothing of this front. */
static void on_connected(void *owner)
{
	struct front *front = owner;

	front->is_connected = front->was_connected = true;
	front->material.reloads = front->report.reloads = 0;
	if (!front->is_stopping)
		ask_for_material(front);
	send_report(front, false);
}

/* A keeper that ends before it has begun has said why. */
static bool on_lost(void *owner)
{
	struct front *front = owner;
	struct reason why = { .text = "" };

	front->is_connected = false;
	if (!front->settings->is_child)
		return true;
	if (front->is_stopping)
		return false;
	if (front->was_connected)
		reason_set(&why, "The keeper has gone");
	fail(front, -EPIPE, &why);
	return false;
}

/* One that may come back is waited for, but not by its child. */
static void follow(struct front *front, const char *why)
{
	const bool is_child = front->settings->is_child;

	if (!is_child && !why)
		return;
	if (!is_child && !front->is_stopping) {
		reason_set(&front->failure, "%s", why);
		front->result = -EBUSY;
	}
	stop(front);
}

static void on_news(void *owner, enum registry_news news, const char *why)
{
	struct front *front = owner;

	switch (news) {
	case REGISTRY_NEWS_RELOAD:
		front->material.reloads++;
		if (!front->is_stopping)
			reload(front);
		break;
	case REGISTRY_NEWS_CLOSING:
		follow(front, why);
		break;
	case REGISTRY_NEWS_PING:
		send_report(front, true);
		break;
	}
}

/* ------------------------------------------------------------------ starting and ending */

static void tear_down(struct front *front)
{
	front->is_stopping = true;
	front_serving_end(&front->serving); /* with that, the last report goes out */
	free_event(&front->events.report);
	registry_withdraw(&front->material.request);
	registry_free(front->registry);
	free_event(&front->events.signals[0]);
	free_event(&front->events.signals[1]);
	free_event(&front->events.hangup);
	free_event(&front->events.watchdog);
	free_event(&front->events.give_up);
	free_event(&front->material.again);
	if (front->base)
		event_base_free(front->base);
}

static bool set_up_events(struct front *front)
{
	struct front_events *events = &front->events;

	front->base = priority_base_new();
	if (!front->base)
		return false;
	events->report = evtimer_new(front->base, on_report, front);
	events->give_up = evtimer_new(front->base, on_give_up, front);
	front->material.again = evtimer_new(front->base, on_again, front);
	return events->report && events->give_up && front->material.again &&
	       add_signal(&events->signals[0], front->base, SIGTERM, on_signal, front) &&
	       add_signal(&events->signals[1], front->base, SIGINT, on_signal, front) &&
	       add_signal(&events->hangup, front->base, SIGHUP, on_hangup, front) &&
	       watchdog_new(&events->watchdog, front->base, NULL, NULL) == 0;
}

static bool set_up_serving(struct front *front)
{
	front->serving = (struct front_serving){
		.settings = front->settings,
		.base = front->base,
		.registry = front->registry,
		.changed = on_change,
		.owner = front,
	};
	return front_serving_set_up(&front->serving);
}

static bool set_up_registry(struct front *front)
{
	const struct remote_registry_settings settings = {
		.base = front->base,
		.connect = connect_keeper,
		.connected = on_connected,
		.news = on_news,
		.lost = on_lost,
		.owner = front,
		.gathering = GATHERING,
	};

	front->registry = remote_registry_new(&settings);
	return front->registry != NULL;
}

int front_run(const struct front_settings *settings, struct reason *why)
{
	struct front front = { .settings = settings };

	if (set_up_events(&front) && set_up_registry(&front) && set_up_serving(&front)) {
		(void)event_base_dispatch(front.base);
	} else {
		front.result = reason_errno(&front.failure, ENOMEM, "Cannot set up the event loop");
	}
	tear_down(&front);
	*why = front.failure;
	return front.result;
}
