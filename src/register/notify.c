/* SPDX-License-Identifier: ISC */
#include "register/notify.h"

#include "common/deadline.h"
#include "common/libsystemd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define TEXT_SIZE 512

static bool is_service(void)
{
	return getenv("NOTIFY_SOCKET") && libsystemd();
}

int notify_check(void)
{
	return getenv("NOTIFY_SOCKET") && !libsystemd() ? -ENOPKG : 0;
}

static int notify(const char *state, const char *text)
{
	char message[TEXT_SIZE + 64];

	(void)snprintf(message, sizeof message, "%sSTATUS=%s", state, text);
	return libsystemd()->sd_notify(0, message);
}

void notify_status(const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list arguments;

	if (!is_service())
		return;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	(void)notify("", text);
}

void notify_ready(const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list arguments;

	if (!is_service())
		return;
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (notify("READY=1\n", text) > 0)
		(void)libsystemd()->sd_notify_barrier(0, 5 * USEC_PER_SEC);
}
