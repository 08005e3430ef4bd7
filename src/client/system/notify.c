/* SPDX-License-Identifier: ISC */
#include "client/system/notify.h"

#include "common/deadline.h"
#include "common/libsystemd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_SIZE 512

bool notify_is_service(void)
{
	return getenv("NOTIFY_SOCKET") && libsystemd();
}

int notify_check(void)
{
	return getenv("NOTIFY_SOCKET") && !libsystemd() ? -ENOPKG : 0;
}

/* Returns what sd_notify(3) does: above 0 when the message was sent. */
static int notify(const char *state, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static int notify(const char *state, const char *format, va_list arguments)
{
	char text[TEXT_SIZE], message[TEXT_SIZE + 64];

	(void)vsnprintf(text, sizeof text, format, arguments);
	(void)snprintf(message, sizeof message, "%sSTATUS=%s", state, text);
	return libsystemd()->sd_notify(0, message);
}

void notify_status(const char *format, ...)
{
	va_list arguments;

	if (!notify_is_service())
		return;
	va_start(arguments, format);
	(void)notify("", format, arguments);
	va_end(arguments);
}

void notify_ready(const char *format, ...)
{
	va_list arguments;

	if (!notify_is_service())
		return;
	va_start(arguments, format);
	if (notify("READY=1\n", format, arguments) > 0)
		(void)libsystemd()->sd_notify_barrier(0, 5 * USEC_PER_SEC);
	va_end(arguments);
}
