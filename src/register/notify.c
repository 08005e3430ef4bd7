/* SPDX-License-Identifier: ISC */
#include "register/notify.h"

#include "common/deadline.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#define TEXT_SIZE 512

/* Spares a run by hand the formatting, and the memory of the library's pages. */
static bool is_service(void)
{
	return getenv("NOTIFY_SOCKET");
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
	(void)sd_notifyf(0, "STATUS=%s", text);
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
	if (sd_notifyf(0, "READY=1\nSTATUS=%s", text) > 0)
		(void)sd_notify_barrier(0, 5 * USEC_PER_SEC);
}
