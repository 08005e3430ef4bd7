/* SPDX-License-Identifier: ISC */
/* In the place of systemd: the socket of $NOTIFY_SOCKET, and what is sent to it. */
#pragma once

#include <stdint.h>

/*
 * Cmocka fixture: *state becomes a private directory with the socket, and this process a service
 * whose unit allows it `notify_socket_silence` microseconds of silence (0: it does not say).
 */
int setup_notify_socket(void **state);
int teardown_notify_socket(void **state);

/* For the next setup. */
extern uint64_t notify_socket_silence;

/* The oldest message that was not looked at yet, static; null: there is none. */
const char *notify_socket_message(void);

/* How many messages there are, which are gone then. */
unsigned notify_socket_count(void);
