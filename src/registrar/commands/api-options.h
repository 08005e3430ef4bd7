/* SPDX-License-Identifier: ISC */
/* The part of the command line that is about the API. */
#pragma once

#include "registrar/api/limits.h"
#include "registrar/net/listener.h"

#include <stdbool.h>
#include <stddef.h>

/* Texts point into argv. */
struct api_options {
	bool enabled;        /* --api-port was given */
	unsigned short port; /* 0: any */
	const char *listen[LISTENERS_MAX];
	size_t listen_count;    /* 0: where agents are registered, too */
	const char *users_file; /* null: not given */
	struct api_limits_settings limits;
	bool remove_user;
};

#define API_OPTIONS_DEFAULT \
	((struct api_options){ .limits = { .requests = 300, .failures = 50, .block_time = 300 } })

/* Long options without a letter. */
enum {
	API_OPTION_PORT = 0x300,
	API_OPTION_LISTEN,
	API_OPTION_USERS,
	API_OPTION_MAX_REQUESTS,
	API_OPTION_MAX_LOGIN_ATTEMPTS,
	API_OPTION_BLOCK_TIME,
	API_OPTION_REMOVE,
};

/*
 * Take an option. Returns 1; 0 when it is none of these; or -EINVAL with a sentence in `ret_fault`
 * (static) about the value.
 */
int api_options_take(struct api_options *options, int option, const char *value,
		     const char **ret_fault);
