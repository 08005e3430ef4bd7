/* SPDX-License-Identifier: ISC */
#include "registrar/keeper/offence-lines.h"

#include "common/deadline.h"
#include "common/log.h"

#define LINES_MAX 10
#define LINES_TIME (5 * USEC_PER_SEC)

void offence_lines_tell(struct offence_lines *lines)
{
	if (lines->left_out > 0)
		log_error("%u more fronts were refused or cut off", lines->left_out);
	lines->left_out = 0;
}

bool offence_lines_may(struct offence_lines *lines)
{
	uint64_t now = monotonic_usec();

	if (now >= lines->end) {
		offence_lines_tell(lines);
		*lines = (struct offence_lines){ .end = now + LINES_TIME };
	}
	if (lines->count++ < LINES_MAX)
		return true;
	lines->left_out++;
	return false;
}
