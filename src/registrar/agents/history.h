/* SPDX-License-Identifier: ISC */
/*
 * When agents were registered and last seen, as far as the files of a manager tell:
 *
 *	queue/agents-timestamp    "ID NAME IP YYYY-MM-DD HH:MM:SS", local time, one line an agent;
 *	                          Wazuh's own format (4.14.5 src/os_crypto/shared/keys.c), which the
 *	                          registrar keeps as well
 *	queue/rids/ID             the counter of the agent's messages: its modification time is that
 *	                          of a recent message
 *	queue/agent-info/NAME-IP  OSSEC, Wazuh before 4: modified with each keepalive
 *
 * Wazuh's database, which knows better, is not asked.
 */
#pragma once

#include "common/atomic-file.h"
#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/agents/roster.h"

#include <sys/stat.h>
#include <time.h>

struct agent_history {
	const char *queue; /* the manager's queue directory; null: nothing is known or kept */
};

/* One registration to remember. */
struct agent_event {
	const char *id, *name, *ip;
	time_t when;
};

/* Is there a file of timestamps, as a Wazuh manager has one? */
bool agent_history_exists(const struct agent_history *history) must_check;

/*
 * Make the directory and the file if they are missing (0660 as far as the directory's group goes).
 * 0 or an errno.
 */
int agent_history_make(const struct agent_history *history, struct reason *why) must_check;

/*
 * Remember registrations, if there is a file for them. Returns 0 or a negative errno with `why`
 * set.
 */
int agent_history_add(const struct agent_history *history, const struct agent_event *events,
		      size_t count, struct reason *why) must_check;

/*
 * Forget agents by their ids: their lines, and their message counters, which would make the manager
 * refuse later agents with these ids. Returns 0 or a negative errno with `why` set.
 */
int agent_history_forget_all(const struct agent_history *history, const char *const *ids,
			     size_t count, struct reason *why) must_check;

/* Forget the message counters alone. */
int agent_history_forget_counters(const struct agent_history *history, const char *const *ids,
				  size_t count, struct reason *why) must_check;

/*
 * When the agent was registered. Returns 0; -ENODATA when it is not known; or another negative
 * errno.
 */
int agent_history_registered(const struct agent_history *history, const struct roster_entry *entry,
			     time_t *ret) must_check;

/*
 * Open the file of timestamps to read it, with its status. Returns the descriptor, -ENODATA when
 * there is none, or another negative errno.
 */
int agent_history_open(const struct agent_history *history, struct stat *ret) must_check;

/*
 * Stage a file that takes the place of the file of timestamps, which has this status, with `room`
 * bytes reserved. Returns 0, or a negative errno with `why` set.
 */
int agent_history_stage(const struct agent_history *history, const struct stat *old, size_t room,
			struct atomic_file *ret, struct reason *why) must_check;

/*
 * Lock the file of timestamps, so that it is not appended to, and not replaced. Close what this
 * returns; a negative number: others do not wait.
 */
int agent_history_lock(const struct agent_history *history);

/*
 * When the agent of this name was registered, by its line, which ends with a newline or a
 * terminator. Returns 0, or -ENODATA: the line does not say.
 */
int agent_history_parse(const char *line, const char *name, time_t *ret) must_check;

/*
 * When the agent was last seen. Returns 0; -ENODATA when it never was; or another negative errno:
 * it is unknown.
 */
int agent_history_seen(const struct agent_history *history, const struct roster_entry *entry,
		       time_t *ret) must_check;
