/* SPDX-License-Identifier: ISC */
#include "registrar/commands/progress.h"

#include "common/deadline.h"
#include "common/io.h"
#include "common/log.h"
#include "common/must-check.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE (300 * USEC_PER_MSEC)
#define INTERVAL (100 * USEC_PER_MSEC)
#define LINE_MAX_COLUMNS 39 /* fits every terminal */

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

static struct {
	bool is_on;
	uint64_t begun, shown;         /* CLOCK_MONOTONIC, microseconds; 0: never */
	volatile sig_atomic_t columns; /* of the line that is there; 0: there is none */
	struct sigaction before[sizeof signals / sizeof signals[0]]; /* once one was shown */
} line;

static void take_back(void)
{
	static const char blanks[LINE_MAX_COLUMNS + 1] = "                                       ";

	if (line.columns == 0)
		return;
	ignore_result(io_write(STDERR_FILENO, "\r", 1));
	ignore_result(io_write(STDERR_FILENO, blanks, (size_t)line.columns));
	ignore_result(io_write(STDERR_FILENO, "\r", 1));
	line.columns = 0;
}

/* Go the way of the signal. */
static void on_signal(int number)
{
	take_back();
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/* Signals that are ignored stay so. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		(void)sigaction(signals[i], NULL, &line.before[i]);
		if (line.before[i].sa_handler != SIG_IGN)
			(void)sigaction(signals[i], &action, NULL);
	}
}

static void release_signals(void)
{
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		(void)sigaction(signals[i], &line.before[i], NULL);
}

static void on_log_line(int level, const char *message)
{
	(void)message;
	if (log_is_enabled(level))
		take_back();
}

void progress_begin(void)
{
	const char *type = getenv("TERM");

	line.is_on = isatty(STDERR_FILENO) && type && *type && strcmp(type, "dumb") != 0;
	line.begun = monotonic_usec();
	line.shown = 0;
	if (line.is_on)
		log_watch(on_log_line);
}

static bool is_due(size_t all, uint64_t now)
{
	if (now - line.begun < PATIENCE)
		return false;
	return all == 0 || line.shown == 0 || now - line.shown >= INTERVAL;
}

/* In place of what is there. */
static void put(const char *text)
{
	char all[2 + LINE_MAX_COLUMNS];
	int before = (int)line.columns, length = (int)strlen(text);

	length = snprintf(all, sizeof all, "\r%-*s", before > length ? before : length, text);
	line.columns = length - 1;
	ignore_result(io_write(STDERR_FILENO, all, (size_t)length));
}

void progress_show(const char *what, size_t done, size_t all)
{
	char text[LINE_MAX_COLUMNS + 1];
	uint64_t now;

	if (!line.is_on)
		return;
	now = monotonic_usec();
	if (!is_due(all, now))
		return;
	if (line.shown == 0)
		catch_signals();
	line.shown = now;
	if (all > 0)
		(void)snprintf(text, sizeof text, "%s: %u %%", what,
			       (unsigned int)((double)done * 100 / (double)all));
	else
		(void)snprintf(text, sizeof text, "%s ...", what);
	put(text);
}

void progress_end(void)
{
	if (!line.is_on)
		return;
	take_back();
	log_watch(NULL);
	if (line.shown != 0)
		release_signals();
	line.is_on = false;
}
