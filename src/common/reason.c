/* SPDX-License-Identifier: ISC */
#include "common/reason.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void reason_set(struct reason *why, const char *format, ...)
{
	va_list arguments;

	if (!why)
		return;
	va_start(arguments, format);
	(void)vsnprintf(why->text, sizeof why->text, format, arguments);
	va_end(arguments);
}

int reason_errno(struct reason *why, int error, const char *format, ...)
{
	va_list arguments;
	size_t length;

	error = abs(error);
	if (!why)
		return -error;
	va_start(arguments, format);
	(void)vsnprintf(why->text, sizeof why->text, format, arguments);
	va_end(arguments);

	length = strlen(why->text);
	(void)snprintf(why->text + length, sizeof why->text - length, ": %s",
		       strerrordesc_np(error) ?: "unknown error");
	return -error;
}
