/* SPDX-License-Identifier: ISC */
#include "registrar/reading.h"

#include "common/deadline.h"
#include "common/log.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

#define PATIENCE USEC_PER_SEC
#define TELL_INTERVAL USEC_PER_SEC
#define LOG_INTERVAL (10 * USEC_PER_SEC)
#define MOST_SILENCE (60 * USEC_PER_SEC) /* what is read at once may be on a slow disk */

static unsigned int percent(size_t done, size_t all)
{
	return all > 0 ? (unsigned int)((double)done * 100 / (double)all) : 100;
}

static void tell(struct reading *reading, unsigned int done, uint64_t now)
{
	reading->told = now;
	(void)sd_notifyf(0,
			 "STATUS=Reading %s/client.keys: %u %%\n"
			 "EXTEND_TIMEOUT_USEC=%" PRIu64,
			 reading->directory, done, (uint64_t)MOST_SILENCE);
	if (reading->logged != 0 && now - reading->logged < LOG_INTERVAL)
		return;
	reading->logged = now;
	log_info("Reading %s/client.keys: %u %%; agents are registered when it is read",
		 reading->directory, done);
}

void reading_report(void *owner, size_t done, size_t all)
{
	struct reading *reading = owner;
	uint64_t now = monotonic_usec();

	if (reading->begun == 0)
		reading->begun = now;
	if (done < all && now - reading->begun >= PATIENCE &&
	    (reading->told == 0 || now - reading->told >= TELL_INTERVAL))
		tell(reading, percent(done, all), now);
}

void reading_end(const struct reading *reading, size_t agents)
{
	if (reading->told != 0)
		log_info("Read %s/client.keys: %zu agents in %" PRIu64 " s", reading->directory,
			 agents, (monotonic_usec() - reading->begun) / USEC_PER_SEC);
}
