/* SPDX-License-Identifier: ISC */
#include "registrar/keeper.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"
#include "registrar/front-acceptor.h"
#include "registrar/keeper-parts.h"
#include "registrar/keeper/keeper-server.h"
#include "registrar/keys-watch.h"
#include "registrar/material-files.h"
#include "registrar/net/loop-events.h"
#include "registrar/net/plan-event.h"
#include "registrar/net/priority.h"
#include "registrar/other-authd.h"
#include "registrar/watchdog.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

static const struct timeval status_time = { .tv_sec = 1 };
static const struct timeval stop_time = { .tv_usec = 700 * 1000 };
static const struct timeval child_time = { .tv_sec = 2 }; /* it lets out its last answers */
static const struct timeval look_time = { .tv_sec = 5 };
static const struct timeval reload_time = { .tv_sec = 5 }; /* that fronts may take */

struct keeper_events {
	struct event *status, *watchdog;
	struct event *signals[2], *hangup, *child;
	struct event *give_up; /* waiting for the fronts to go */
	struct event *look;    /* for another authd, when no agent makes us look */
	struct event *late;    /* waiting for the fronts to have reloaded */
};

/* What the next report of the fronts is wanted for. */
struct wanted_report {
	bool for_status, for_watchdog;
};

struct keeper {
	const struct keeper_settings *settings;
	struct event_base *base;
	struct keeper_parts parts;
	struct keeper_server *server;
	struct front_acceptor acceptor;

	struct keeper_events events;
	struct keys_watch watch;
	struct wanted_report wanted;

	struct reason other_authd; /* empty: there is none */
	struct reason failure;     /* of the child; empty: it has said why */
	bool has_child_failed, is_child_gone;
	int child_status; /* when it is gone */
	bool is_announced, is_reloading, is_stopping;
};

static bool has_child(const struct keeper *keeper)
{
	return keeper->settings->front != NULL;
}

/* ------------------------------------------------------------------ what systemctl status shows */

static void ping(struct keeper *keeper)
{
	keeper_server_announce(keeper->server, REGISTRY_NEWS_PING, NULL);
}

static void show_status(const struct keeper *keeper)
{
	struct front_report totals = keeper_server_totals(keeper->server);

	(void)sd_notifyf(0,
			 "STATUS=%zu agents; since the start %" PRIu64 " registered, "
			 "%" PRIu64 " refused; %" PRIu64 " connections",
			 roster_count(keeper->settings->files->roster), totals.registered,
			 totals.refused, totals.connections);
}

/* Counts have changed: show them, at most once a second; without memory, with the next change. */
static void update_status(struct keeper *keeper)
{
	if (!evtimer_pending(keeper->events.status, NULL))
		(void)event_add(keeper->events.status, &status_time);
}

/* With the counts of this moment, for which fronts are asked. */
static void on_status(evutil_socket_t fd, short what, void *argument)
{
	struct keeper *keeper = argument;

	(void)fd, (void)what;
	if (!keys_watch_read(&keeper->watch))
		update_status(keeper);
	if (keeper_server_count(keeper->server) == 0) {
		show_status(keeper);
		return;
	}
	keeper->wanted.for_status = true;
	ping(keeper);
}

static void on_keys_changed(void *owner)
{
	update_status(owner);
}

/* With a child, both event loops have to go on. */
static void on_watchdog(evutil_socket_t fd, short what, void *argument)
{
	struct keeper *keeper = argument;

	(void)fd, (void)what;
	if (!has_child(keeper)) {
		watchdog_sign();
		return;
	}
	keeper->wanted.for_watchdog = true;
	ping(keeper);
}

/* ------------------------------------------------------------------ stopping */

static void leave(struct keeper *keeper)
{
	(void)event_base_loopbreak(keeper->base);
}

/* Of a child that was not to end. */
static void take_failure(struct keeper *keeper, int status)
{
	keeper->has_child_failed = status != 0;
	if (WIFSIGNALED(status))
		reason_set(&keeper->failure, "The front was ended by a signal: %s",
			   sigdescr_np(WTERMSIG(status)) ?: "unknown");
}

/*
 * A child is waited for until it has gone, because its last answers are under way, and until all
 * that it said is read: that it was told to stop can be in it.
 */
static void leave_when_alone(struct keeper *keeper)
{
	if (keeper_server_count(keeper->server) > 0 ||
	    (has_child(keeper) ? !keeper->is_child_gone : !keeper->is_stopping))
		return;
	if (!keeper->is_stopping)
		take_failure(keeper, keeper->child_status);
	if (!keeper->is_stopping && keeper->child_status == 0)
		log_info("Stopping with the front");
	leave(keeper);
}

static void on_give_up(evutil_socket_t fd, short what, void *argument)
{
	struct keeper *keeper = argument;

	(void)fd, (void)what;
	if (keeper->is_stopping && has_child(keeper))
		log_warning("The front has not ended in time");
	keeper->has_child_failed = !keeper->is_stopping;
	if (keeper->has_child_failed)
		reason_set(&keeper->failure, "The front has closed its connection");
	if (has_child(keeper))
		keeper->settings->front->pid = 0; /* not waited for */
	leave(keeper);
}

/* `why` it will not come back; null: it may. */
static void stop(struct keeper *keeper, const char *why)
{
	(void)sd_notify(0, "STOPPING=1");
	keeper->is_stopping = true;
	front_acceptor_end(&keeper->acceptor);
	keeper_server_announce(keeper->server, REGISTRY_NEWS_CLOSING, why);
	plan_event(keeper->events.give_up, has_child(keeper) ? &child_time : &stop_time);
	leave_when_alone(keeper);
}

static void stop_by(struct keeper *keeper, int number)
{
	if (keeper->is_stopping)
		return;
	log_info("Stopping on %s", number == SIGINT ? "SIGINT" : "SIGTERM");
	stop(keeper, NULL);
}

static void on_signal(evutil_socket_t number, short what, void *argument)
{
	(void)what;
	stop_by(argument, (int)number);
}

/* ------------------------------------------------------------------ the child */

static void on_child(evutil_socket_t number, short what, void *argument)
{
	struct keeper *keeper = argument;
	struct front_process *front = keeper->settings->front;

	(void)number, (void)what;
	if (keeper->is_child_gone ||
	    waitpid(front->pid, &keeper->child_status, WNOHANG) != front->pid)
		return;
	keeper->is_child_gone = true;
	front->pid = 0;
	leave_when_alone(keeper);
}

/* Ready when those are who clients speak with. */
static void announce(struct keeper *keeper)
{
	const struct keeper_settings *settings = keeper->settings;

	keeper->is_announced = true;
	if (settings->listeners)
		log_notice("Waiting for fronts");
	(void)sd_notifyf(0, "READY=1\nSTATUS=%zu agents; waiting for the first request",
			 roster_count(settings->files->roster));
	if (settings->background)
		background_ready(settings->background, settings->files->options->directory,
				 settings->called);
}

/* ------------------------------------------------------------------ reloading */

/* systemd takes a reload for done with READY=1, whatever has come of it (sd_notify(3)). */
static void finish_reload(struct keeper *keeper)
{
	keeper->is_reloading = false;
	(void)event_del(keeper->events.late);
	(void)sd_notify(0, "READY=1");
}

static void finish_reload_when_done(struct keeper *keeper)
{
	if (keeper->is_reloading && keeper_server_is_reloaded(keeper->server))
		finish_reload(keeper);
}

/* A child that stands still is the watchdog's business; without it, its keeper would end. */
static void on_late(evutil_socket_t fd, short what, void *argument)
{
	struct keeper *keeper = argument;

	(void)fd, (void)what;
	if (has_child(keeper))
		log_error("The front has not reloaded in time");
	else
		keeper_server_cut_late(keeper->server);
	if (keeper->is_reloading)
		finish_reload(keeper);
}

/* What is broken is not even offered to the fronts. */
static void on_hangup(evutil_socket_t number, short what, void *argument)
{
	struct keeper *keeper = argument;
	struct keeper_files *files = keeper->settings->files;
	cleanup(material_wipe) struct material material = { .ciphers = NULL };
	struct reason why;

	(void)number, (void)what;
	if (keeper->is_stopping)
		return;
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_usec());
	keeper->is_reloading = true;
	if (keeper_files_read_material(files, &material, &why) < 0) {
		log_error("Nothing was reloaded, and the old files stay in use: %s", why.text);
		finish_reload(keeper);
		return;
	}
	material_warn(files->options);
	keeper_server_announce(keeper->server, REGISTRY_NEWS_RELOAD, NULL);
	(void)event_add(keeper->events.late, &reload_time);
	finish_reload_when_done(keeper);
}

/* ------------------------------------------------------------------ what fronts say */

static void use_pong(struct keeper *keeper)
{
	if (keeper->wanted.for_watchdog)
		watchdog_sign();
	if (keeper->wanted.for_status)
		show_status(keeper);
	keeper->wanted.for_watchdog = keeper->wanted.for_status = false;
}

static void on_reported(void *owner, const struct front_report *report)
{
	struct keeper *keeper = owner;

	if (has_child(keeper) && report->is_serving && !keeper->is_announced)
		announce(keeper);
	finish_reload_when_done(keeper);
	if (report->is_asked)
		use_pong(keeper);
	else
		update_status(keeper);
	if (has_child(keeper) && report->stopped_by != 0)
		stop_by(keeper, report->stopped_by);
}

static void on_gone(void *owner)
{
	struct keeper *keeper = owner;

	finish_reload_when_done(keeper);
	update_status(keeper);
	if (has_child(keeper) && !keeper->is_stopping) /* it ends, or has a fault */
		plan_event(keeper->events.give_up, &child_time);
	leave_when_alone(keeper);
}

/* ------------------------------------------------------------------ another authd */

static void on_look(evutil_socket_t fd, short what, void *argument)
{
	struct keeper *keeper = argument;
	const char *directory = keeper->settings->files->options->directory;
	struct reason why;

	(void)fd, (void)what;
	if (keeper->is_stopping)
		return;
	if (keeper->other_authd.text[0] == '\0' && other_authd_look(directory, &why) == -EBUSY)
		keeper->other_authd = why;
	if (keeper->other_authd.text[0] != '\0')
		stop(keeper, keeper->other_authd.text);
}

/* For transactions: what would be written while another authd runs is lost. */
static int may_begin(void *owner, struct reason *why)
{
	struct keeper *keeper = owner;
	int r = other_authd_look(keeper->settings->files->options->directory, why);

	if (r == -EBUSY) {
		keeper->other_authd = *why;
		event_active(keeper->events.look, EV_TIMEOUT, 1); /* when those who wait know */
	}
	return r;
}

/* ------------------------------------------------------------------ starting and ending */

static void free_events(struct keeper *keeper)
{
	struct keeper_events *events = &keeper->events;

	free_event(&events->status);
	free_event(&events->watchdog);
	free_event(&events->signals[0]);
	free_event(&events->signals[1]);
	free_event(&events->hangup);
	free_event(&events->child);
	free_event(&events->give_up);
	free_event(&events->look);
	free_event(&events->late);
	keys_watch_end(&keeper->watch);
}

static void tear_down(struct keeper *keeper)
{
	front_acceptor_end(&keeper->acceptor);
	keeper_server_free(keeper->server);
	keeper_parts_free(&keeper->parts);
	free_events(keeper);
	if (keeper->base)
		event_base_free(keeper->base);
}

static bool set_up_signals(struct keeper *keeper)
{
	struct keeper_events *events = &keeper->events;
	struct event_base *base = keeper->base;

	return add_signal(&events->signals[0], base, SIGTERM, on_signal, keeper) &&
	       add_signal(&events->signals[1], base, SIGINT, on_signal, keeper) &&
	       add_signal(&events->hangup, base, SIGHUP, on_hangup, keeper) &&
	       (!has_child(keeper) || add_signal(&events->child, base, SIGCHLD, on_child, keeper));
}

static bool set_up_watch(struct keeper *keeper)
{
	const struct keys_watch_settings settings = {
		.base = keeper->base,
		.directory = keeper->settings->files->etc,
		.roster = keeper->settings->files->roster,
		.changed = on_keys_changed,
		.owner = keeper,
	};

	return keys_watch_begin(&keeper->watch, &settings) == 0;
}

static bool set_up_events(struct keeper *keeper)
{
	struct keeper_events *events = &keeper->events;

	keeper->base = priority_base_new();
	if (!keeper->base)
		return false;
	events->status = evtimer_new(keeper->base, on_status, keeper);
	events->give_up = evtimer_new(keeper->base, on_give_up, keeper);
	events->look = event_new(keeper->base, -1, EV_PERSIST, on_look, keeper);
	events->late = evtimer_new(keeper->base, on_late, keeper);
	return events->status && events->give_up && events->look && events->late &&
	       event_add(events->look, &look_time) == 0 && set_up_signals(keeper) &&
	       set_up_watch(keeper) &&
	       watchdog_new(&events->watchdog, keeper->base, on_watchdog, keeper) == 0;
}

static size_t count_agents(void *owner)
{
	const struct keeper *keeper = owner;

	return roster_count(keeper->settings->files->roster);
}

/* 0 or a negative errno. */
static int set_up_server(struct keeper *keeper)
{
	const struct keeper_server_settings settings = {
		.base = keeper->base,
		.registry = keeper->parts.registry,
		.count_agents = count_agents,
		.owner = keeper,
		.observer = { .reported = on_reported, .gone = on_gone, .owner = keeper },
	};
	struct front_process *front = keeper->settings->front;

	keeper->server = keeper_server_new(&settings);
	if (!keeper->server)
		return -ENOMEM;
	if (!front)
		return front_acceptor_begin(&keeper->acceptor, keeper->base,
					    keeper->settings->listeners, keeper->server);
	event_active(keeper->events.child, EV_SIGNAL, 1); /* it may have ended by now */
	return keeper_server_add(keeper->server, take_fd(&front->fd));
}

/* 0 or a negative errno with `why` set. */
static int set_up(struct keeper *keeper, struct reason *why)
{
	int r;

	if (!set_up_events(keeper))
		return reason_errno(why, ENOMEM, "Cannot set up the event loop");
	r = keeper_parts_make(&keeper->parts, keeper->base, keeper->settings->files, may_begin,
			      keeper, why);
	if (r < 0)
		return r;
	r = set_up_server(keeper);
	return r < 0 ? reason_errno(why, r, "Cannot set up the event loop") : 0;
}

/* How it has ended. */
static int result_of(const struct keeper *keeper, struct reason *why)
{
	if (keeper->other_authd.text[0] != '\0') {
		*why = keeper->other_authd;
		return -EBUSY;
	}
	*why = keeper->failure;
	return keeper->has_child_failed ? -ECHILD : 0;
}

int keeper_run(const struct keeper_settings *settings, struct reason *why)
{
	struct keeper keeper = { .settings = settings };
	int r = set_up(&keeper, why);

	if (r >= 0) {
		if (!settings->front)
			announce(&keeper);
		(void)event_base_dispatch(keeper.base);
		r = result_of(&keeper, why);
	}
	tear_down(&keeper);
	return r;
}
