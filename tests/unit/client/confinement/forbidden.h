/* SPDX-License-Identifier: ISC */
/* What a confined process must not be able to do: each is a function that tries it. */
#pragma once

#include "tests/unit/support.h"

#include "client/confinement/confine.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

#define TO_PARENT CONFINED_FD

/* Set by the test, before it begins. */
extern const char *place;                    /* a private directory, with "file" in it */
extern struct sockaddr_un name, packet_name; /* of listeners */
extern pid_t parent;

/* The path of the file there; as path_in() returns it. */
const char *file(void);

/* What a system call returned, as an exit status: its errno, or 0. */
int error_of(long result);

/* Define a function that makes this one call. */
#define TRY(function, call)            \
	static int function(void)      \
	{                              \
		return error_of(call); \
	}

struct forbidden {
	const char *label;
	int (*work)(void); /* returns an errno; 0: it has succeeded */
	int error;         /* that it has to be; 0: any */
	bool is_of_landlock;
};

extern const struct forbidden forbidden[];
extern const size_t forbidden_count;
