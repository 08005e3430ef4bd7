/* SPDX-License-Identifier: ISC */
/* What a front tells the keeper about itself, for whoever administers both. Plain data. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct front_report {
	bool is_asked;                /* by a ping (REGISTRY_NEWS_PING) */
	bool is_serving;              /* it has what it takes, and listens */
	uint8_t stopped_by;           /* it stops because of this signal; 0: it does not */
	uint64_t registered, refused; /* since its start */
	uint64_t connections;         /* now */
	uint64_t reloads;             /* how many that it was told of here are done */
};
