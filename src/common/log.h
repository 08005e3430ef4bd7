/* SPDX-License-Identifier: ISC */
/*
 * The log: structured entries to the journal when stderr is connected to it, the same sentences as
 * plain lines to stderr otherwise.
 *
 * Only the layer that decides what a failure means logs it; everything below returns a `struct
 * reason` (reason.h). Sentences hold no secrets and no unescaped foreign bytes.
 */
#pragma once

#include <syslog.h>

struct log_field {
	const char *name;  /* journal field, upper case: "AGENT_ID"; null ends an array of fields */
	const char *value; /* null: the field is left out */
};

/*
 * Decide where entries go. `identifier` (not copied) names the program; entries above `max_level`
 * are dropped.
 */
void log_open(const char *identifier, int max_level);

/*
 * Hand every entry to `writer` instead of journal and stderr, for a program that tells the same in
 * other words. The arguments are those of log_event(), with the sentence made; they are valid
 * during the call only.
 */
typedef void log_writer(int level, const char *message_id, const struct log_field *fields,
			const char *sentence);
void log_divert(log_writer *writer);

/* Is this level logged at all? */
int log_is_enabled(int level);

/* Log one sentence at a syslog level (LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG). */
void log_line(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Log an event that machines care about: a sentence with its MESSAGE_ID (32 hexadecimal digits,
 * null for none) and `fields` (ends with a null name; null for none).
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
