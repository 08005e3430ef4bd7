/* SPDX-License-Identifier: ISC */
#include "common/reason.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 0))) static void set(struct reason *why, const char *format,
						      va_list arguments)
{
	(void)vsnprintf(why->text, sizeof why->text, format, arguments);
	why->message_start = why->message_end = 0;
}

void reason_set(struct reason *why, const char *format, ...)
{
	va_list arguments;

	if (!why)
		return;
	va_start(arguments, format);
	set(why, format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 2, 0))) static void append(struct reason *why, const char *format,
							 va_list arguments)
{
	size_t length = strlen(why->text);

	(void)vsnprintf(why->text + length, sizeof why->text - length, format, arguments);
}

void reason_append(struct reason *why, const char *format, ...)
{
	va_list arguments;

	if (!why)
		return;
	va_start(arguments, format);
	append(why, format, arguments);
	va_end(arguments);
}

void reason_add(struct reason *why, const char *format, ...)
{
	va_list arguments;

	if (!why)
		return;
	if (why->text[0])
		reason_append(why, "; ");
	va_start(arguments, format);
	append(why, format, arguments);
	va_end(arguments);
}

void reason_set_manager_message(struct reason *why, const char *manager, const char *message,
				const char *details, const char *hint)
{
	if (!why)
		return;
	reason_set(why, "%s says: ", manager);
	why->message_start = strlen(why->text);
	reason_append(why, "%.*s", REASON_MESSAGE_SIZE - 1, message);
	why->message_end = strlen(why->text);
	reason_append(why, "%s%s%s", details, hint ? " -- " : "", hint ?: "");
}

const char *reason_manager_message(const struct reason *why, char ret[REASON_MESSAGE_SIZE])
{
	(void)snprintf(ret, REASON_MESSAGE_SIZE, "%.*s",
		       (int)(why->message_end - why->message_start),
		       why->text + why->message_start);
	return ret;
}

int reason_join(struct reason *why, int r, int next, const struct reason *problem)
{
	if (next < 0)
		reason_add(why, "%s", problem->text);
	return r < 0 ? r : next;
}

int(reason_errno)(struct reason *why, int error, const char *format, ...)
{
	va_list arguments;

	error = error ? abs(error) : EIO;
	if (!why)
		return -error;
	va_start(arguments, format);
	set(why, format, arguments);
	va_end(arguments);

	reason_append(why, ": %s", strerrordesc_np(error) ?: "unknown error");
	return -error;
}
