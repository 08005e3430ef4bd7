/* SPDX-License-Identifier: ISC */
#include "registrar/watchdog.h"

#include "common/deadline.h"

#include <errno.h>
#include <stdint.h>
#include <systemd/sd-daemon.h>

static void give_sign(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what, (void)argument;
	(void)sd_notify(0, "WATCHDOG=1");
}

int watchdog_new(struct event **ret, struct event_base *base)
{
	struct timeval interval;
	struct event *event;
	uint64_t silence;

	*ret = NULL;
	if (sd_watchdog_enabled(0, &silence) <= 0)
		return 0;
	interval.tv_sec = (time_t)(silence / 3 / USEC_PER_SEC);
	interval.tv_usec = (suseconds_t)(silence / 3 % USEC_PER_SEC);
	event = event_new(base, -1, EV_PERSIST, give_sign, NULL);
	if (!event || event_add(event, &interval) < 0) {
		if (event)
			event_free(event);
		return -ENOMEM;
	}
	give_sign(-1, 0, NULL);
	*ret = event;
	return 0;
}
