/* SPDX-License-Identifier: ISC */
/*
 * The types of configuration values: how a text becomes a value, and what is wrong with it when it
 * does not.
 */
#pragma once

#include "client/config/config.h"

struct config_type {
	/*
	 * Parse `text` (not empty) and store at `target`. Returns null, or what a valid value looks
	 * like ("yes or no"). On failure the target is unchanged.
	 */
	const char *(*parse)(void *target, const char *text, const struct config_type *type);
	/* Back to "unset": frees what the target owns. */
	void (*clear)(void *target);
	bool is_list;
	/* somebody may have put a password in: a bad value is not shown */
	bool may_hold_secrets;
	const char *const *choices; /* of an enum: the words for 0, 1, ...; ends with null */
};

extern const struct config_type config_text; /* char *: printable, no blanks around it */
extern const struct config_type config_path; /* char *: absolute */
extern const struct config_type config_port; /* uint16_t: 1 to 65535 */
extern const struct config_type config_bool; /* bool: yes, no, true, false, on, off, 1, 0 */
/* uint64_t: microseconds; "90", "90 s", "1min 30s", "2 h" */
extern const struct config_type config_duration;
extern const struct config_type config_proxy;  /* char *: see proxy.h */
extern const struct config_type config_prefix; /* char *: as endpoint_prefix_parse() takes it */
extern const struct config_type config_tls_version; /* char * */
extern const struct config_type config_address_list;
extern const struct config_type config_pin_list;
/* also several in one value, separated by commas */
extern const struct config_type config_group_list;
extern const struct config_type
	config_agent_name;                       /* char *: characters of a name, and specifiers */
extern const struct config_type config_agent_ip; /* char *: any, src, address or network */
extern const struct config_type config_method;
extern const struct config_type config_on_clone;
extern const struct config_type config_on_duplicate;
