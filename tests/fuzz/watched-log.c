/* SPDX-License-Identifier: ISC */
#include "watched-log.h"

#include "fuzz.h"

#include "common/log.h"

static void check_message(int level, const char *message)
{
	HOLDS(level >= LOG_EMERG && level <= LOG_DEBUG && *message);
	for (; *message; message++)
		HOLDS(*message >= ' ' && *message <= '~');
}

void fuzz_watch_log(void)
{
	log_open("fuzz", LOG_DEBUG);
	log_divert(check_message);
}
