/* SPDX-License-Identifier: ISC */
/*
 * The end of a connection whose answer is written. Closing a socket that still has unread bytes (a
 * second request, say) would reset the connection and could take the answer away from a client that
 * has not read it yet. So only our direction is closed, and what comes is read, for nothing, until
 * the client closes too, or has sent too much.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

/* Close our direction. Returns 0, or a negative errno: the client has gone already. */
int lingering_begin(int fd) must_check;

/* Read what has come, and add it to `*discarded`, the bytes of before. Has it ended? */
bool lingering_read(int fd, size_t *discarded) must_check;

/* Do not linger: whoever closes the socket resets the connection. */
void lingering_refuse(int fd);
