/* SPDX-License-Identifier: ISC */
/*
 * No file breaks the reader; what it refuses has a reason that is fit to show, and what it takes
 * passes on to the rules.
 */
#include "fuzz.h"

#include "client/config/config.h"

static void check_shown(const struct reason *why)
{
	HOLDS(why->text[0]);
	for (const char *at = why->text; *at; at++)
		HOLDS(*at >= 0x20 && *at < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct reason why = { "" };
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;

	if (!file)
		return 0;
	HOLDS(config_init(&config) == 0);
	if (config_read(&config, file, "FILE", &why) < 0 || config_check(&config, &why) < 0)
		check_shown(&why);
	(void)fclose(file);
	config_clear(&config);
	return 0;
}
