/* SPDX-License-Identifier: ISC */
#include "register/notify.h"

#include "common/deadline.h"

#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#define TEXT_SIZE 512

void notify_status(const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	(void)sd_notifyf(0, "STATUS=%s", text);
}

void notify_ready(const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (sd_notifyf(0, "READY=1\nSTATUS=%s", text) > 0)
		(void)sd_notify_barrier(0, 5 * USEC_PER_SEC);
}
