/* SPDX-License-Identifier: ISC */
/*
 * The log: structured entries to the journal when stderr is connected to it, the same messages as
 * plain lines to stderr otherwise.
 *
 * Only the layer that handles a failure logs it; everything below returns a `struct reason`
 * (reason.h). Messages contain no secrets and no unescaped bytes from outside.
 */
#pragma once

#include <syslog.h>

struct log_field {
	/* journal field, upper case: "AGENT_ID"; null terminates an array of fields */
	const char *name;
	const char *value; /* null: the field is omitted */
};

/*
 * Initialize the log. `identifier` (not copied) is the name of the program; entries above
 * `max_level` are dropped.
 */
void log_open(const char *identifier, int max_level);

/*
 * In the journal, have root's errors count as those of `unit` (not copied) as well, the one that an
 * administrator looks at.
 */
void log_share_errors(const char *unit);

/*
 * Write to the journal, if there is one, although stderr is something else: for a process that has
 * left its terminal. `identifier` as in log_open().
 */
void log_use_journal(const char *identifier);

/*
 * Pass the level and the message of every entry to `writer` instead of the journal and stderr, for
 * output in another form; `message` is valid only during the call. Null: no longer.
 */
typedef void log_writer(int level, const char *message);
void log_divert(log_writer *writer);

/* Let `watcher` see them as well. Null: no longer. */
void log_watch(log_writer *watcher);

/* Is this level logged at all? */
int log_is_enabled(int level);

/* Log one message at a syslog level (LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG). */
void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Log an event for machines: a message with its MESSAGE_ID (32 hexadecimal digits; null: none) and
 * `fields` (terminated by a null name; null: none).
 */
void log_event(int level, const char *message_id, const struct log_field *fields,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)                                    \
	do {                                              \
		if (log_is_enabled(LOG_DEBUG))            \
			log_line(LOG_DEBUG, __VA_ARGS__); \
	} while (0)
