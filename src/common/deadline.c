/* SPDX-License-Identifier: ISC */
#include "common/deadline.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t clock_usec(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}

uint64_t monotonic_usec(void)
{
	return clock_usec(CLOCK_MONOTONIC);
}

uint64_t realtime_usec(void)
{
	return clock_usec(CLOCK_REALTIME);
}

struct deadline deadline_in(uint64_t usec, const struct deadline *outer)
{
	uint64_t now = monotonic_usec();
	struct deadline deadline = {
		.at = usec < USEC_INFINITY - now ? now + usec : USEC_INFINITY,
		.stop_fd = outer ? outer->stop_fd : -1,
	};

	if (outer && outer->at < deadline.at)
		deadline.at = outer->at;
	return deadline;
}

/* Milliseconds left, rounded up so that a wait never ends early; -1: no limit. */
static int milliseconds_left(const struct deadline *deadline)
{
	uint64_t now = monotonic_usec(), milliseconds;

	if (deadline->at == USEC_INFINITY)
		return -1;
	if (deadline->at <= now)
		return 0;
	milliseconds = (deadline->at - now + USEC_PER_MSEC - 1) / USEC_PER_MSEC;
	return milliseconds > INT_MAX ? INT_MAX : (int)milliseconds;
}

/* ------------------------------------------------------------------ the heartbeat */

static struct {
	void (*beat)(void); /* null: nobody listens */
	uint64_t interval;
	uint64_t due;
} heart;

void deadline_set_heartbeat(void (*beat)(void), uint64_t interval)
{
	heart.beat = beat;
	heart.interval = interval;
	heart.due = monotonic_usec() + interval;
}

static void beat_if_due(void)
{
	uint64_t now;

	if (!heart.beat)
		return;
	now = monotonic_usec();
	if (now < heart.due)
		return;
	heart.due = now + heart.interval;
	heart.beat();
}

/* Until the deadline, or until the heart must beat again. */
static int next_milliseconds(const struct deadline *deadline)
{
	const struct deadline until = {
		.at = heart.beat && heart.due < deadline->at ? heart.due : deadline->at,
	};

	return milliseconds_left(&until);
}

/* ------------------------------------------------------------------ waiting */

int deadline_poll(const struct deadline *deadline, struct pollfd *polled, unsigned int count)
{
	struct pollfd all[32] = { { .fd = deadline->stop_fd, .events = POLLIN } };

	if (count >= sizeof all / sizeof all[0])
		return -EINVAL;
	memcpy(all + 1, polled, count * sizeof *polled);

	for (;;) {
		int n = poll(all, count + 1, next_milliseconds(deadline));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (all[0].revents)
			return -ECANCELED;
		beat_if_due();
		memcpy(polled, all + 1, count * sizeof *polled);
		if (n > 0)
			return n;
		if (milliseconds_left(deadline) == 0)
			return -ETIMEDOUT;
	}
}

int deadline_wait(const struct deadline *deadline, int fd, short events)
{
	struct pollfd polled = { .fd = fd, .events = events };
	int n = deadline_poll(deadline, &polled, 1);

	return n < 0 ? n : polled.revents;
}

ssize_t deadline_read(const struct deadline *deadline, int fd, void *buffer, size_t size)
{
	size_t used = 0;

	while (used < size) {
		int r = deadline_wait(deadline, fd, POLLIN);
		ssize_t n = r < 0 ? r : read(fd, (char *)buffer + used, size - used);

		if (r < 0)
			return r;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n == 0)
			break;
		used += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)used;
}
