/* SPDX-License-Identifier: ISC */
#include "client/system/notify.h"

#include "common/deadline.h"
#include "common/libsystemd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXT_SIZE 512
/* A systemd that hangs delays nobody for longer. */
#define FLUSH_USEC USEC_PER_SEC
#define FLUSH_READY_USEC (5 * USEC_PER_SEC)

/* How long this process may be silent where the unit does not say it. */
#define SILENCE_USEC (180 * USEC_PER_SEC)
/* systemd ignores the highest number; a sum beyond it means never. */
#define FOREVER_USEC (USEC_INFINITY - 1)

static bool has_news; /* of which systemd may not have taken notice */

static struct {
	pid_t pid;        /* of the process that gives signs of life; 0: none does */
	uint64_t silence; /* after so long systemd ends it */
	bool is_held;
	bool is_ready; /* READY=1 has been sent */
} life;

bool notify_is_service(void)
{
	return getenv("NOTIFY_SOCKET") && libsystemd();
}

int notify_check(void)
{
	return getenv("NOTIFY_SOCKET") && !libsystemd() ? -ENOPKG : 0;
}

static void notify(const char *state, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void notify(const char *state, const char *format, va_list arguments)
{
	char text[TEXT_SIZE], message[TEXT_SIZE + 64];

	(void)vsnprintf(text, sizeof text, format, arguments);
	(void)snprintf(message, sizeof message, "%sSTATUS=%s", state, text);
	has_news = true;
	(void)libsystemd()->sd_notify(0, message);
}

void notify_status(const char *format, ...)
{
	va_list arguments;

	if (!notify_is_service())
		return;
	va_start(arguments, format);
	notify("", format, arguments);
	va_end(arguments);
}

static void flush(uint64_t usec)
{
	if (has_news)
		(void)libsystemd()->sd_notify_barrier(0, usec);
	has_news = false;
}

void notify_flush(void)
{
	flush(FLUSH_USEC);
}

void notify_ready(const char *format, ...)
{
	va_list arguments;

	if (!notify_is_service())
		return;
	va_start(arguments, format);
	life.is_ready = true;
	notify("READY=1\n", format, arguments);
	flush(FLUSH_READY_USEC);
	va_end(arguments);
}

/* ------------------------------------------------------------------ signs of life */

/*
 * Not with READY=1: what is extended then is RuntimeMaxSec=, which is nothing of ours. Of a message
 * with both, systemd reads the extension first.
 */
static void give_sign(void)
{
	char message[64] = "WATCHDOG=1";

	if (life.is_held || getpid() != life.pid)
		return;
	if (!life.is_ready)
		(void)snprintf(message, sizeof message,
			       "EXTEND_TIMEOUT_USEC=%" PRIu64 "\nWATCHDOG=1", life.silence);
	(void)libsystemd()->sd_notify(0, message);
}

void notify_begin_signs_of_life(void)
{
	if (!notify_is_service())
		return;
	life.pid = getpid();
	life.is_held = life.is_ready = false;
	if (libsystemd()->sd_watchdog_enabled(0, &life.silence) <= 0)
		life.silence = SILENCE_USEC;
	deadline_set_heartbeat(give_sign, life.silence / 3);
	give_sign();
}

void notify_hold(uint64_t usec)
{
	char message[64];

	if (!life.pid)
		return;
	life.is_held = true;
	(void)snprintf(message, sizeof message, "EXTEND_TIMEOUT_USEC=%" PRIu64,
		       usec < FOREVER_USEC ? usec : FOREVER_USEC);
	(void)libsystemd()->sd_notify(0, message);
}

void notify_release(void)
{
	if (!life.is_held)
		return;
	life.is_held = false;
	give_sign();
}
