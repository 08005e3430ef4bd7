/* SPDX-License-Identifier: ISC */
#include "client/system/wakeup.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

#define MAX_TOKENS 10u
#define TOKEN_USEC (10 * USEC_PER_SEC)
/* Who writes one file often writes more of them. */
#define CHANGES_USEC (500 * USEC_PER_MSEC)

/* ------------------------------------------------------------------ the sources */

/* Links, and addresses and routes of both families; see rtnetlink(7). */
static int open_network(void)
{
	const struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE |
			     RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE,
	};
	cleanup_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
				   NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	return take_fd(&fd);
}

/* A timer that never expires, but is cancelled when the clock is set; see timerfd_create(2). */
static int open_clock(void)
{
	const struct itimerspec never = { .it_value.tv_sec = LONG_MAX };
	cleanup_fd int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 ||
	    timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0)
		return -1;
	return take_fd(&fd);
}

void wakeup_open(struct wakeup_sources *sources, struct file_watch *files)
{
	*sources = (struct wakeup_sources){
		.network = open_network(),
		.clock = open_clock(),
		.host_name = open("/proc/sys/kernel/hostname", O_RDONLY | O_CLOEXEC | O_NONBLOCK),
		.files = files,
		.tokens = MAX_TOKENS,
		.tokens_since = monotonic_usec(),
	};
	wakeup_drain(sources);
}

void wakeup_close(struct wakeup_sources *sources)
{
	release_fd(&sources->network);
	release_fd(&sources->clock);
	release_fd(&sources->host_name);
}

/* ------------------------------------------------------------------ taking events */

/* With static addresses, plugging in a cable adds no address. */
static bool is_link_up(const struct nlmsghdr *message)
{
	const struct ifinfomsg *link = NLMSG_DATA(message);

	return message->nlmsg_type == RTM_NEWLINK &&
	       message->nlmsg_len >= NLMSG_LENGTH(sizeof *link) && (link->ifi_flags & IFF_LOWER_UP);
}

/* Does a batch of netlink messages report that something was added? Removals cannot help. */
static bool something_appeared(const char *batch, ssize_t length)
{
	for (const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)batch;
	     NLMSG_OK(message, length); message = NLMSG_NEXT(message, length))
		if (message->nlmsg_type == RTM_NEWADDR || message->nlmsg_type == RTM_NEWROUTE ||
		    is_link_up(message))
			return true;
	return false;
}

/*
 * Read all pending messages. An overrun (ENOBUFS) means that some were lost and counts as a change.
 */
static bool take_network(int fd)
{
	_Alignas(struct nlmsghdr) char batch[8192];
	bool appeared = false;
	ssize_t length;

	while (fd >= 0 && ((length = recv(fd, batch, sizeof batch, 0)) > 0 ||
			   (length < 0 && errno == ENOBUFS)))
		appeared = appeared || length < 0 || something_appeared(batch, length);
	return appeared;
}

static bool take_clock(int fd)
{
	uint64_t count;

	return fd >= 0 && read(fd, &count, sizeof count) < 0 && errno == ECANCELED;
}

/* Reading from the start acknowledges the change to the kernel. */
static void take_host_name(int fd)
{
	char name[256];

	if (fd >= 0 && lseek(fd, 0, SEEK_SET) == 0)
		(void)!read(fd, name, sizeof name);
}

void wakeup_drain(struct wakeup_sources *sources)
{
	(void)take_network(sources->network);
	(void)take_clock(sources->clock);
	take_host_name(sources->host_name);
}

/* ------------------------------------------------------------------ waiting */

static bool spend_token(struct wakeup_sources *sources)
{
	uint64_t now = monotonic_usec();
	uint64_t earned = (now - sources->tokens_since) / TOKEN_USEC;

	if (earned > 0) {
		sources->tokens = sources->tokens + earned > MAX_TOKENS
					  ? MAX_TOKENS
					  : sources->tokens + (unsigned int)earned;
		sources->tokens_since += earned * TOKEN_USEC;
	}
	if (sources->tokens == 0)
		return false;
	sources->tokens--;
	return true;
}

/* The event of the ready descriptors; -EAGAIN: none that matters. */
static int judge(struct wakeup_sources *sources, const struct pollfd polled[static 4],
		 uint64_t *look_at)
{
	int wakeup = -EAGAIN;

	if (polled[3].revents)
		*look_at = monotonic_usec() + CHANGES_USEC;
	if (polled[0].revents && take_network(sources->network))
		wakeup = WAKEUP_NETWORK;
	if (polled[1].revents && take_clock(sources->clock))
		wakeup = WAKEUP_CLOCK;
	if (polled[2].revents) {
		take_host_name(sources->host_name);
		wakeup = WAKEUP_NAME;
	}
	return wakeup;
}

/* When the next token becomes available. */
static uint64_t next_token(const struct wakeup_sources *sources)
{
	return sources->tokens_since + TOKEN_USEC;
}

/* Once there was an event, the time to look; then have files changed? */
static int look_at_files(struct wakeup_sources *sources, uint64_t *look_at)
{
	if (monotonic_usec() < *look_at)
		return -EAGAIN;
	*look_at = USEC_INFINITY;
	sources->changed |= file_watch_changed(sources->files);
	return sources->changed ? WAKEUP_FILES : -EAGAIN;
}

int wakeup_wait(struct wakeup_sources *sources, unsigned int events,
		const struct deadline *deadline)
{
	bool has_files = sources->files && events & WAKEUP_ON_FILES;
	uint64_t look_at = USEC_INFINITY;
	int pending = -EAGAIN; /* an event that waits for a token */

	for (;;) {
		struct deadline until = *deadline;
		struct pollfd polled[4] = {
			{ .fd = events & WAKEUP_ON_NETWORK ? sources->network : -1,
			  .events = POLLIN },
			{ .fd = events & WAKEUP_ON_CLOCK ? sources->clock : -1, .events = POLLIN },
			{ .fd = events & WAKEUP_ON_NAME ? sources->host_name : -1,
			  .events = POLLPRI },
			{ .fd = has_files && look_at == USEC_INFINITY ? sources->files->fd : -1,
			  .events = POLLIN },
		};
		int r;

		if (pending >= 0 && spend_token(sources))
			return sources->changed ? WAKEUP_FILES : pending;
		if (pending >= 0 && next_token(sources) < until.at)
			until.at = next_token(sources);
		if (look_at < until.at)
			until.at = look_at;
		r = deadline_poll(&until, polled, 4);
		if (r == -ETIMEDOUT && monotonic_usec() >= deadline->at)
			return WAKEUP_TIME;
		if (r < 0 && r != -ETIMEDOUT)
			return r;
		r = r > 0 ? judge(sources, polled, &look_at) : -EAGAIN;
		if (r < 0)
			r = look_at_files(sources, &look_at);
		if (r >= 0)
			pending = r;
	}
}
