/* SPDX-License-Identifier: ISC */
/*
 * The time before TLS: a client has connected, and costs next to nothing until it has sent
 * something.
 */
#pragma once

#include "common/must-check.h"

/* What a client begins with. */
enum arrival_kind {
	ARRIVAL_NOT_YET, /* nothing has come */
	ARRIVAL_TLS,
	ARRIVAL_NOTHING, /* it has closed */
	ARRIVAL_OTHER,   /* clear-text.h */
};

/* Look at its first bytes, and leave them there. `*ret_other` says what ARRIVAL_OTHER is. */
enum arrival_kind arrival_look(int fd, const char **ret_other) must_check;
