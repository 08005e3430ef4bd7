/* SPDX-License-Identifier: ISC */
/* The sockets that clients connect to: made here, or handed over by systemd. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

#include <stddef.h>

#define LISTENERS_MAX 16

struct listeners {
	int fds[LISTENERS_MAX]; /* non-blocking, listening */
	size_t count;
};

/*
 * Make one socket for each of `addresses` (`count` of them: IPv4 or IPv6 literals), on `port`. With
 * none: one for every address of both families, or of IPv4 alone where there is no IPv6. Port 0:
 * any, the same for none. Returns 0, or a negative errno with `why` set and nothing open.
 */
int listeners_make(struct listeners *ret, const char *const *addresses, size_t count,
		   unsigned short port, struct reason *why) must_check;

/* Sockets of one kind that systemd may pass. */
struct passed_kind {
	const char *name;      /* their FileDescriptorName= */
	struct listeners *ret; /* empty */
};

/*
 * Take the sockets that systemd passed (sd_listen_fds_with_names(3)): each for the kind with its
 * name, and those with another name for the first kind. Returns how many there are of all kinds, 0:
 * none were passed; or a negative errno with `why` set and nothing taken.
 */
int listeners_take_passed(const struct passed_kind *kinds, size_t count,
			  struct reason *why) must_check;

/* "127.0.0.1 port 1515". Returns 0 or a negative errno. */
int listener_describe(int fd, char *buffer, size_t size) must_check;

/* Fit for cleanup(). */
void listeners_close(struct listeners *listeners);
