/* SPDX-License-Identifier: ISC */
#include "client/config/duration.h"

#include "common/deadline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST (UINT64_C(3650) * 86400 * USEC_PER_SEC)

/* 0: it is none. */
static uint64_t unit_usec(const char *unit, size_t length)
{
	static const struct {
		const char *name;
		uint64_t usec;
	} units[] = {
		{ "", USEC_PER_SEC },
		{ "s", USEC_PER_SEC },
		{ "sec", USEC_PER_SEC },
		{ "second", USEC_PER_SEC },
		{ "seconds", USEC_PER_SEC },
		{ "us", 1 },
		{ "ms", USEC_PER_MSEC },
		{ "m", 60 * USEC_PER_SEC },
		{ "min", 60 * USEC_PER_SEC },
		{ "minute", 60 * USEC_PER_SEC },
		{ "minutes", 60 * USEC_PER_SEC },
		{ "h", 3600 * USEC_PER_SEC },
		{ "hour", 3600 * USEC_PER_SEC },
		{ "hours", 3600 * USEC_PER_SEC },
		{ "d", 86400 * USEC_PER_SEC },
		{ "day", 86400 * USEC_PER_SEC },
		{ "days", 86400 * USEC_PER_SEC },
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strlen(units[i].name) == length && memcmp(units[i].name, unit, length) == 0)
			return units[i].usec;
	return 0;
}

int duration_parse(uint64_t *ret, const char *text)
{
	uint64_t sum = 0;

	while (*text) {
		size_t digits = strspn(text, "0123456789"), letters;
		uint64_t number, unit;

		if (digits == 0)
			return -EINVAL;
		number = strtoull(text, NULL, 10);
		text += digits;
		text += strspn(text, " \t");
		letters = strcspn(text, " \t0123456789");
		unit = unit_usec(text, letters);
		if (unit == 0 || number > MOST / unit)
			return -EINVAL;
		sum += number * unit;
		if (sum > MOST)
			return -EINVAL;
		text += letters;
		text += strspn(text, " \t");
	}
	*ret = sum;
	return 0;
}

const char *duration_text(uint64_t usec, char buffer[static DURATION_TEXT_SIZE])
{
	static const char *const units[] = { "d", "h", "min", "s", "ms", "us" };
	size_t used = 0;

	(void)snprintf(buffer, DURATION_TEXT_SIZE, "0 s");
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		uint64_t unit = unit_usec(units[i], strlen(units[i]));

		if (usec >= unit)
			used += (size_t)snprintf(buffer + used, DURATION_TEXT_SIZE - used,
						 "%s%" PRIu64 " %s", used ? " " : "", usec / unit,
						 units[i]);
		usec %= unit;
	}
	return buffer;
}
