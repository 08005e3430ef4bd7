/* SPDX-License-Identifier: ISC */
#include "common/log.h"

#include "common/io.h"
#include "common/libsystemd.h"
#include "common/must-check.h"
#include "common/service-name.h"
#include "common/terminal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define LINE_SIZE 2048
#define MAX_FIELDS 16
#define PREFIX_SIZE 64 /* of a line: the program and the level */

static const char *log_identifier = "agent-register";
static int log_max_level = LOG_INFO;
static bool log_to_journal;
static char log_unit[NAME_MAX + 1]; /* empty: that of no service */
static const char *log_other_unit;  /* null: none */
static log_writer *log_diverted_to, *log_watcher;

/*
 * Is stderr the stream that systemd has connected to the journal (systemd.exec(5),
 * $JOURNAL_STREAM)?
 */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat status;

	return stream && sscanf(stream, "%ju:%ju", &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

void log_open(const char *identifier, int max_level)
{
	log_identifier = identifier;
	log_max_level = max_level;
	ignore_result(terminal_stderr_width());
	log_to_journal = stderr_is_journal() && libsystemd();
	if (!log_to_journal || !service_name(log_unit))
		log_unit[0] = '\0';
}

void log_share_errors(const char *unit)
{
	log_other_unit = unit;
}

void log_use_journal(const char *identifier)
{
	log_identifier = identifier;
	log_to_journal = access("/run/systemd/journal/socket", F_OK) == 0 && libsystemd();
}

void log_divert(log_writer *writer)
{
	log_diverted_to = writer;
}

void log_watch(log_writer *watcher)
{
	log_watcher = watcher;
}

int log_is_enabled(int level)
{
	return level <= log_max_level;
}

/* Send an entry to the journal. Returns false on failure. */
static bool send_to_journal(int level, const char *message_id, const struct log_field *fields,
			    const char *line)
{
	char texts[MAX_FIELDS][LINE_SIZE + 32];
	struct iovec entry[MAX_FIELDS];
	int n = 0;

	n += snprintf(texts[0], sizeof texts[0], "MESSAGE=%s", line) > 0;
	n += snprintf(texts[1], sizeof texts[1], "PRIORITY=%d", level) > 0;
	n += snprintf(texts[2], sizeof texts[2], "SYSLOG_IDENTIFIER=%s", log_identifier) > 0;
	if (message_id)
		n += snprintf(texts[n], sizeof texts[n], "MESSAGE_ID=%s", message_id) > 0;
	if (log_unit[0])
		n += snprintf(texts[n], sizeof texts[n], "OBJECT_SYSTEMD_UNIT=%s", log_unit) > 0;
	if (log_unit[0] && log_other_unit && level <= LOG_ERR)
		n += snprintf(texts[n], sizeof texts[n], "OBJECT_SYSTEMD_UNIT=%s", log_other_unit) >
		     0;
	for (; fields && fields->name && n < MAX_FIELDS; fields++)
		if (fields->value)
			n += snprintf(texts[n], sizeof texts[n], "%s=%s", fields->name,
				      fields->value) > 0;

	for (int i = 0; i < n; i++)
		entry[i] = (struct iovec){ .iov_base = texts[i], .iov_len = strlen(texts[i]) };
	return libsystemd()->sd_journal_sendv(entry, n) >= 0;
}

/*
 * journald looks up to which unit an entry belongs when it reads it, and of a process that has
 * ended it does not find out: journalctl -u would not show why. Root says the unit itself, but that
 * of others does not count (journalctl(1)); what they write to stderr is known to be the unit's,
 * without fields, however.
 */
static bool is_lost_with_process(int level)
{
	return level <= LOG_ERR && log_unit[0] && geteuid() != 0;
}

static const char *level_prefix(int level)
{
	if (level <= LOG_ERR)
		return "error: ";
	if (level == LOG_WARNING)
		return "warning: ";
	if (level == LOG_DEBUG)
		return "debug: ";
	return "";
}

static void print_line(int level, const char *line)
{
	char text[PREFIX_SIZE + LINE_SIZE];

	(void)snprintf(text, sizeof text, "%s: %s%s", log_identifier, level_prefix(level), line);
	terminal_print_message(text);
}

/* With the level as in sd-daemon(3). */
static void print_for_journald(int level, const char *line)
{
	char text[PREFIX_SIZE + LINE_SIZE];

	(void)snprintf(text, sizeof text, "<%d>%s", level, line);
	ignore_result(io_write_line(STDERR_FILENO, text));
}

__attribute__((format(printf, 4, 0))) static void log_formatted(int level, const char *message_id,
								const struct log_field *fields,
								const char *format,
								va_list arguments)
{
	char line[LINE_SIZE];

	if (!log_is_enabled(level))
		return;
	(void)vsnprintf(line, sizeof line, format, arguments);
	if (log_watcher)
		log_watcher(level, line);
	if (log_diverted_to) {
		log_diverted_to(level, line);
		return;
	}
	if (log_to_journal && is_lost_with_process(level)) {
		print_for_journald(level, line);
		return;
	}
	if (log_to_journal && send_to_journal(level, message_id, fields, line))
		return;
	print_line(level, line);
}

void log_line(int level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_formatted(level, NULL, NULL, format, arguments);
	va_end(arguments);
}

void log_event(int level, const char *message_id, const struct log_field *fields,
	       const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_formatted(level, message_id, fields, format, arguments);
	va_end(arguments);
}
