/* SPDX-License-Identifier: ISC */
#include "registrar/watchdog.h"

#include "common/deadline.h"

#include <errno.h>
#include <stdint.h>
#include <systemd/sd-daemon.h>

void watchdog_sign(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

static void on_due(evutil_socket_t fd, short what, void *argument)
{
	(void)fd, (void)what, (void)argument;
	watchdog_sign();
}

int watchdog_new(struct event **ret, struct event_base *base, event_callback_fn due, void *argument)
{
	struct timeval interval;
	struct event *event;
	uint64_t silence;

	*ret = NULL;
	if (sd_watchdog_enabled(0, &silence) <= 0)
		return 0;
	interval.tv_sec = (time_t)(silence / 3 / USEC_PER_SEC);
	interval.tv_usec = (suseconds_t)(silence / 3 % USEC_PER_SEC);
	event = event_new(base, -1, EV_PERSIST, due ?: on_due, argument);
	if (!event || event_add(event, &interval) < 0) {
		if (event)
			event_free(event);
		return -ENOMEM;
	}
	watchdog_sign();
	*ret = event;
	return 0;
}
