/* SPDX-License-Identifier: ISC */
/* The local socket by which fronts reach the keeper, where they are services of their own. */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/net/listener.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * Take the sockets that systemd passed, or make one here, which root and the group of the front's
 * user may use. A socket that nobody listens at is replaced. Returns 0, or a negative errno with
 * `why` set.
 */
int keeper_socket_listen(struct listeners *ret, const char *path, struct reason *why) must_check;

/* Connect to a keeper. Returns a socket that does not block, or a negative errno. */
int keeper_socket_connect(const char *path) must_check;

/*
 * The user of the front's service. (uid_t)-1: there is none. Returns 0, or a negative errno: that
 * cannot be seen.
 */
int keeper_socket_front_user(uid_t *ret) must_check;

/*
 * May whoever has connected be a front? Root, the user of the keeper, and that of the front's
 * service may. `*ret` is the user of the other end.
 */
bool keeper_socket_may(int fd, uid_t front_user, uid_t *ret) must_check;
