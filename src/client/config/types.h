/* SPDX-License-Identifier: ISC */
/*
 * The types of configuration values: how text is parsed into a value, and what is expected instead
 * when it is invalid.
 */
#pragma once

#include "client/config/config.h"

#define CONFIG_TEXT_SIZE 128

struct config_type {
	/*
	 * Parse `text` (not empty) and store the value at `target`; lists grow. Returns 0, -ENOMEM,
	 * or -EINVAL with `*ret_expected` set to what a valid value looks like ("yes or no"):
	 * static, or valid until the next call. With -EINVAL the target is unchanged.
	 */
	int (*parse)(void *target, const char *text, const struct config_type *type,
		     const char **ret_expected);
	/* Reset to "not set": free what the target owns. */
	void (*clear)(void *target);
	/*
	 * The value as parse() takes it: in `buffer`, static, or owned by the target; null: it is
	 * not set. Of a list, its item `item`; null behind the last one.
	 */
	const char *(*text)(const void *target, size_t item, const struct config_type *type,
			    char buffer[static CONFIG_TEXT_SIZE]);
	bool is_list;
	/* may contain a password by mistake: an invalid value is not shown */
	bool may_hold_secrets;
	const char *const *choices; /* of an enum: the words for 0, 1, ...; terminated by null */
};

/* char *: printable, as a file can have it: no blanks around it, no ";" behind a blank */
extern const struct config_type config_text;
extern const struct config_type config_user;        /* char *: the same */
extern const struct config_type config_path;        /* char *: absolute */
extern const struct config_type config_secret_path; /* char *: the same, of a file with a secret */
extern const struct config_type config_ca_path;     /* char *: the same, or CONFIG_INHERIT */
extern const struct config_type config_port;        /* uint16_t: 1 to 65535 */
extern const struct config_type config_bool;        /* bool: yes, no, true, false, on, off, 1, 0 */
/* uint64_t: microseconds; "90", "90 s", "1min 30s", "2 h" */
extern const struct config_type config_duration;
extern const struct config_type config_proxy;  /* char *: see proxy.h */
extern const struct config_type config_prefix; /* char *: as endpoint_prefix_parse() takes it */
extern const struct config_type config_tls_version; /* char * */
extern const struct config_type config_address_list;
extern const struct config_type config_pin_list;
/* also several in one value, separated by commas */
extern const struct config_type config_group_list;
/* the same of host names with * and ? */
extern const struct config_type config_pattern_list;
extern const struct config_type
	config_agent_name;                       /* char *: characters of a name, and specifiers */
extern const struct config_type config_agent_ip; /* char *: any, src, address or network */
extern const struct config_type config_method;
extern const struct config_type config_on_missing_group;
extern const struct config_type config_on_clone;
extern const struct config_type config_on_duplicate;
extern const struct config_type config_set_manager;
extern const struct config_type config_own_enrollment;

/* The words for the methods, in the order of enum method_kind; ends with null. */
extern const char *const config_methods[];
