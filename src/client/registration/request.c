/* SPDX-License-Identifier: ISC */
#include "client/registration/request.h"

#include "client/confinement/confine.h"
#include "client/registration/manager-request.h"
#include "client/registration/policy.h"
#include "client/registration/prepare.h"
#include "client/registration/register.h"
#include "client/registration/report.h"
#include "client/registration/schedule.h"
#include "client/registration/stage.h"
#include "client/system/config-wait.h"
#include "client/system/notify.h"
#include "client/system/own-unit.h"
#include "client/system/systemctl.h"
#include "client/system/wakeup.h"
#include "common/checksum.h"
#include "common/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

/* The log line of a failure that stays the same comes again after this time. */
#define REMINDER_USEC (3600 * USEC_PER_SEC)
/* For longer, nobody at a terminal should wait in silence: for the next attempt, and in all. */
#define WAIT_PATIENCE_USEC (10 * USEC_PER_SEC)
#define START_PATIENCE_USEC (20 * USEC_PER_SEC)

struct rounds {
	struct registration *run;
	struct wakeup_sources sources;
	struct deadline end;      /* of this start's budget */
	struct deadline lock_end; /* of the patience with another run */
	/* of the budget; but without a budget, a round takes what it takes */
	struct deadline round_end;
	bool has_name;  /* or only the network is to be asked for it */
	bool has_asked; /* a manager, in this start */
	bool has_key;   /* a manager has given one */
	int status;     /* exit status of the last failure */
};

static void close_sources(struct rounds *rounds)
{
	wakeup_close(&rounds->sources);
}

/* ------------------------------------------------------------------ a round */

/* Plan the next attempt and log the failure; the same one is logged again after an hour only. */
static int failed(struct rounds *rounds, struct manager_state *manager, int outcome,
		  const struct reason *why)
{
	struct registration *run = rounds->run;
	const struct retry_bounds bounds = { run->config->retry.initial, run->config->retry.max };
	uint64_t sum = checksum_add(CHECKSUM_START, why->text, strlen(why->text)) | 1;
	bool should_log = manager->last_logged != sum ||
			  monotonic_usec() - manager->last_logged_at > REMINDER_USEC;

	schedule_next(manager, outcome < 0 ? OUTCOME_BUSY : (enum outcome)outcome, &bounds,
		      &run->request.advice, run->state.attempts.count);
	identity_boot(run->state.attempts.boot);
	rounds->status = report_note_failure(run, outcome, why, should_log);
	if (should_log) {
		manager->last_logged = sum;
		manager->last_logged_at = monotonic_usec();
	}
	return rounds->status;
}

/*
 * Without a name there is no agent to register yet, and no manager has been asked. Returns
 * CONTINUE, or an exit status when no waiting can help.
 */
static int find_name(struct rounds *rounds)
{
	struct registration *run = rounds->run;
	struct reason why = { 0 };
	int r = prepare_name(run, NULL, &why);

	rounds->has_name = r == OUTCOME_OK;
	if (r == OUTCOME_OK)
		return CONTINUE;
	(void)failed(rounds, state_manager(&run->state, ""), r, &why);
	return r == OUTCOME_NOT_READY ? CONTINUE : rounds->status;
}

/* Request a key from the manager whose turn it is. Returns CONTINUE, or what ends the run. */
static int take_turn(struct rounds *rounds, struct manager_state *manager)
{
	struct registration *run = rounds->run;
	struct reason why = { 0 };
	int r;

	run->request.failure_was_logged = manager->last_logged;
	rounds->has_asked = true;
	r = request_from_manager(run, &rounds->round_end, &why);
	if (r == -ECANCELED)
		return r;
	if (r == OUTCOME_MISCONFIGURED) /* that is about no manager, so no plan follows from it */
		return report_failure(run, r, &why);
	rounds->has_key = r == OUTCOME_REGISTERED;
	if (rounds->has_key)
		return CONTINUE;
	(void)failed(rounds, manager, r, &why);
	if (r == OUTCOME_DUPLICATE && run->config->identity.on_duplicate == DUPLICATE_FAIL)
		return outcome_policy(OUTCOME_REFUSED)->exit_code;
	if (r >= 0 && outcome_policy((enum outcome)r)->retry == RETRY_NEVER)
		return rounds->status;
	return CONTINUE;
}

/*
 * Make sure that a key can be stored, and request one from each manager whose turn it is. Returns
 * CONTINUE, or what ends the run.
 */
static int request_round(struct rounds *rounds)
{
	struct registration *run = rounds->run;
	int r = stage_files(run, &rounds->lock_end);

	if (r == CONTINUE)
		r = find_name(rounds);
	for (size_t i = 0; r == CONTINUE && rounds->has_name && !rounds->has_key &&
			   access_manager_at(&run->access, i, &run->request.manager);
	     i++) {
		struct manager_state *manager;

		endpoint_text(&run->request.manager, run->request.manager_text);
		manager = state_manager(&run->state, run->request.manager_text);
		if (schedule_wait_left(manager) == 0 && monotonic_usec() < rounds->round_end.at)
			r = take_turn(rounds, manager);
	}
	return r;
}

/* ------------------------------------------------------------------ between rounds */

/*
 * What is wrong with the files of TLS is seen by the process that talks to a manager. Before the
 * first one waits, it is looked for here: nobody should wait to hear of it.
 */
static int check_before_waiting(struct rounds *rounds)
{
	struct registration *run = rounds->run;
	struct reason why = { 0 };
	int r = rounds->has_asked ? 0 : access_load_tls(&run->access, &why);

	return r < 0 ? report_failed_step(run, OUTCOME_MISCONFIGURED, r, &why) : CONTINUE;
}

static void show_waiting(const struct registration *run, uint64_t wait)
{
	time_t then = (time_t)((realtime_usec() + wait) / USEC_PER_SEC);
	struct tm broken_down;
	char when[32] = "?";

	if (localtime_r(&then, &broken_down))
		(void)strftime(when, sizeof when, "%T", &broken_down);
	notify_status("Waiting for attempt %" PRIu64 " at %s: %s", run->state.attempts.count + 1,
		      when, run->state.attempts.last.error);
}

/*
 * A boot is worth its budget, because nobody sees why it failed. A person who starts the service
 * does, and waits for nothing meanwhile: what is tried again goes on in the background.
 */
static bool a_person_waits_in_vain(const struct rounds *rounds, uint64_t wait)
{
	const struct run_mode *mode = &rounds->run->mode;
	uint64_t now = monotonic_usec(), start = now - (mode->started_at ?: now) + wait;

	return mode->is_service && !mode->is_background &&
	       (wait > WAIT_PATIENCE_USEC || start > START_PATIENCE_USEC) && !systemd_is_booting();
}

/*
 * The configuration is read again by whoever has called us, credentials are read by systemd, when
 * it starts the unit.
 */
static int take_changes(const struct rounds *rounds)
{
	if (rounds->sources.changed & FILE_WATCH_CREDENTIALS &&
	    config_wait_fetch_credentials(rounds->run->mode.stop_fd) == -ECANCELED)
		return -ECANCELED;
	return REGISTER_AGAIN;
}

/*
 * Wait for the next turn. Returns CONTINUE, or the exit status when that is beyond this start's
 * budget. As long as a change of the network may help, the budget is waited out; otherwise there is
 * no point in it.
 */
static int wait_for_turn(struct rounds *rounds)
{
	static const unsigned int events_of[] = {
		[WAKEUP_NETWORK] = WAKEUP_ON_NETWORK,
		[WAKEUP_CLOCK] = WAKEUP_ON_CLOCK,
		[WAKEUP_NAME] = WAKEUP_ON_NAME,
	};
	struct registration *run = rounds->run;
	unsigned int events;
	uint64_t wait = schedule_next_turn(&run->state.attempts, rounds->has_name, &events);
	struct deadline turn = deadline_in(wait, &rounds->end);
	bool within_budget = turn.at < rounds->end.at || rounds->end.at == USEC_INFINITY;
	int r;

	r = check_before_waiting(rounds);
	if (r != CONTINUE)
		return r;
	if (!within_budget && (events == 0 || monotonic_usec() >= rounds->end.at))
		return rounds->status;
	if (a_person_waits_in_vain(rounds, wait))
		return rounds->status;
	stage_unlock(run);
	show_waiting(run, wait);
	r = wakeup_wait(&rounds->sources, events | WAKEUP_ON_FILES, &turn);
	if (r == WAKEUP_TIME)
		return within_budget ? CONTINUE : rounds->status;
	if (r == WAKEUP_FILES)
		return take_changes(rounds);
	if (r < 0)
		return r == -ECANCELED ? r : rounds->status;
	log_debug("Trying again at once: %s", r == WAKEUP_NETWORK ? "the network changed"
					      : r == WAKEUP_CLOCK ? "the clock was set"
								  : "the host name was set");
	schedule_bring_forward(&run->state.attempts, events_of[r]);
	return CONTINUE;
}

/* ------------------------------------------------------------------ the rounds */

/*
 * A start has a budget, because the boot, or the person who started us, waits for it. When systemd
 * starts us again after that, it should not have to: then READY=1 is said at once, and the waits
 * may be as long as they are.
 */
static void go_into_background(struct registration *run)
{
	char boot[IDENTITY_BOOT_SIZE];

	if (!run->mode.is_service || !run->state.attempts.background_boot[0])
		return;
	identity_boot(boot);
	run->mode.is_restart = own_unit_was_restarted();
	run->mode.is_background = run->mode.is_restart &&
				  strcmp(run->state.attempts.background_boot, boot) == 0;
	if (run->mode.is_background)
		notify_ready("Trying to register in the background");
}

static void take_budget(struct rounds *rounds)
{
	const struct registration *run = rounds->run;
	struct deadline never = { USEC_INFINITY, run->mode.stop_fd };

	/* A person at a terminal wants to know how it went, and can try again. */
	uint64_t budget = run->mode.is_service || run->config->budget_is_set
				  ? run->config->retry.budget
				  : 0;

	/* Of the start, however often the configuration is changed during it. */
	rounds->end = never;
	if (!run->mode.is_background)
		rounds->end.at = (run->mode.started_at ?: monotonic_usec()) + budget;
	rounds->lock_end = run->mode.is_background ? never
						   : deadline_in(run->config->retry.budget, &never);
	rounds->round_end = budget == 0 ? never : rounds->end;
}

/*
 * Where many machines boot at once, each waits its own time before the first attempt: in the
 * background, if that is longer than the budget. Returns CONTINUE, or what ends this start.
 */
static int wait_out_splay(struct rounds *rounds)
{
	struct registration *run = rounds->run;
	char boot[IDENTITY_BOOT_SIZE];
	struct deadline end;
	uint64_t splay;
	int r;

	if (run->config->retry.splay == 0 || !run->mode.is_service)
		return CONTINUE;
	identity_boot(boot);
	if (strcmp(run->state.attempts.boot, boot) == 0)
		return CONTINUE; /* an earlier start of this boot has waited */
	r = check_before_waiting(rounds);
	if (r != CONTINUE)
		return r;
	splay = retry_draw(run->config->retry.splay, identity_seed(), 0);
	end = deadline_in(splay, &rounds->end);
	notify_status("Waiting %" PRIu64 " s before the first attempt (splay)",
		      splay / USEC_PER_SEC);
	if (end.at == rounds->end.at) {
		log_info("The first attempt is in %" PRIu64
			 " s (splay), beyond the budget of this start",
			 splay / USEC_PER_SEC);
		return rounds->status;
	}
	r = wakeup_wait(&rounds->sources, WAKEUP_ON_FILES, &end);
	if (r == WAKEUP_FILES)
		return take_changes(rounds);
	return r == WAKEUP_TIME ? CONTINUE : r;
}

static void note_gap(void)
{
	char buffer[CONFINE_GAP_SIZE];
	const char *gap = confine_gap(buffer);

	if (gap)
		log_notice("%s", gap);
}

int request_key(struct registration *run)
{
	cleanup(close_sources) struct rounds rounds = {
		.run = run,
		/* an earlier start's plan is not due yet */
		.status = outcome_policy(OUTCOME_NOT_READY)->exit_code,
	};
	int r;

	note_gap();
	wakeup_open(&rounds.sources, run->mode.watch);
	go_into_background(run);
	take_budget(&rounds);
	schedule_take_over(run);
	r = wait_out_splay(&rounds);
	while (r == CONTINUE && !rounds.has_key) {
		r = request_round(&rounds);
		if (r == CONTINUE && !rounds.has_key)
			r = wait_for_turn(&rounds);
	}
	if (r > 0) {
		identity_boot(run->state.attempts.background_boot);
		report_save_state(run);
	}
	return r;
}
