/* SPDX-License-Identifier: ISC */
/*
 * The client's configuration: one typed value per key, checked when it is read.
 *
 * One table (config.c) defines every key, its type and its default; the parser, --set, and the
 * tests of the shipped file and of the manual page use it. An unknown key or an invalid value is an
 * error that names the place and the nearest valid key: a typo must never silently disable
 * verification.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "common/string-list.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define CONFIG_MAX_MANAGERS 15
#define CONFIG_KEYS_MAX 64       /* rows of the table of keys */
#define CONFIG_DEFAULT_NAME "%H" /* of an agent: the host name */
#define CONFIG_INHERIT "inherit" /* in place of a path */

enum method_kind { METHOD_AUTHD, METHOD_API, METHOD_ENROLL, METHOD_IMPORT };
enum clone_policy { CLONE_REGISTER, CLONE_KEEP, CLONE_REFUSE };
enum missing_group_policy { MISSING_GROUP_FAIL, MISSING_GROUP_DEFAULT };
enum duplicate_policy { DUPLICATE_WAIT, DUPLICATE_SUFFIX, DUPLICATE_REPLACE, DUPLICATE_FAIL };

/* Strings are owned; null where the key is not set. Durations are microseconds. */
struct config {
	struct {
		/* host, host:port, [ipv6]:port; in failover order */
		struct string_list address;
		uint16_t port; /* 0: not set, see config_default_port() */
		int method;    /* enum method_kind */
		/* of the paths of method enroll; as endpoint_prefix_parse() takes it */
		char *prefix;
		char *proxy; /* as proxy_parse() takes it */
		uint64_t connect_timeout;
		uint64_t attempt_timeout;
		bool probe;          /* see registration/probe.h */
		uint16_t probe_port; /* 0: not set */
	} manager;
	struct {
		char *ca_file; /* CONFIG_INHERIT: that of the agent's file is wanted */
		struct string_list pin;
		char *verify_name;
		char *certificate_file;
		char *private_key_file;
		char *min_version;
		char *ciphers;
		char *ciphersuites;
		bool verify;
	} tls;
	struct {
		char *name; /* with specifiers, see identity.h */
		/* patterns of host names that are none, see host-name.h */
		struct string_list placeholder_names;
		char *ip;
		struct string_list groups;
		int on_missing_group; /* enum missing_group_policy */
		char *version;
		bool inherit;
		char *directory;
		char *keys_file; /* null: DIRECTORY/etc/client.keys */
		bool keys_in_place;
		char *group;     /* null: wazuh, else ossec */
		char *unit;      /* null: whichever of the known ones is there */
		int set_manager; /* enum set_manager, see ossec-conf-edit.h */
		/* that the agent is told; empty: those of `manager` */
		struct string_list manager_address;
		int own_enrollment; /* enum own_enrollment, likewise */
	} agent;
	struct {
		char *password_file;
		char *proxy_password_file;
		char *api_user;
		char *api_password_file;
		char *token_file;
		char *key_file;
		bool forget_secret;
	} auth;
	struct {
		uint64_t splay;
		uint64_t initial;
		uint64_t max;
		uint64_t budget;
	} retry;
	struct {
		int on_clone;     /* enum clone_policy */
		int on_duplicate; /* enum duplicate_policy */
		uint64_t settle;
	} identity;
	bool budget_is_set; /* set explicitly; the default is for services only */
	/* only agent-auth: the host name is a name whatever it is, see host-name.h */
	bool take_any_host_name;
	time_t changed_at; /* the latest modification time of the files read */
	/*
	 * for each row of config_keys, where its value is from, and of a list, each item; empty:
	 * the default. See config_origin().
	 */
	struct string_list origins[CONFIG_KEYS_MAX];
	uint64_t inherited; /* a bit for each row: the value is from the agent's file (inherit.h) */
	/* what config_inherit() found in the agent's file */
	struct {
		char *problem;   /* why the file, or a value in it, cannot be used; null: nothing */
		bool is_needed;  /* ... and nothing can be registered without it */
		char *ca_path;   /* the CA that the file names, and ours does not; null: none */
		char *ca_origin; /* where */
	} agents_file;
};

/* One row of the table of keys. */
struct config_key {
	const char *section;
	const char *name;
	const char *default_text; /* as in the file; "" for unset */
	const struct config_type *type;
	size_t offset; /* in struct config */
};

/* The table; ends with a row whose section is null. */
extern const struct config_key config_keys[];

/* Set all keys to their defaults. Free with config_clear(). Returns 0 or -ENOMEM. */
int config_init(struct config *config) must_check;

/*
 * Set one key; an empty value restores the default, and lists are extended by one item per call.
 * `origin` is the place of the value ("FILE:LINE", "--set"). Returns 0, or -EINVAL or -ENOMEM with
 * `why` set.
 */
int config_set(struct config *config, const char *section, const char *name, const char *value,
	       const char *origin, struct reason *why) must_check;

/* The same from "SECTION.KEY=VALUE". */
int config_assign(struct config *config, const char *assignment, const char *origin,
		  struct reason *why) must_check;

/*
 * Read an open INI file; `path` is for messages. Returns 0, or a negative errno with `why` set. A
 * value that is wrong does not keep the others from being set, and `why` tells of all that are.
 */
int config_read(struct config *config, FILE *file, const char *path, struct reason *why) must_check;

/* Read the INI file `path`. Returns as config_read(). */
int config_read_file(struct config *config, const char *path, struct reason *why) must_check;

/*
 * Where the value of a key is from ("FILE:LINE", "the command line"); of a list, that of its item
 * `item` (0 for any other key). Null: the default. Owned by the configuration.
 */
const char *config_origin(const struct config *config, const struct config_key *key, size_t item);

/* The row of the key whose value is at `value`, which is in `config`. */
const struct config_key *config_key_at(const struct config *config, const void *value) must_check;

/* Has anything set the key whose value is at `value`, which is in `config`? */
bool config_is_set(const struct config *config, const void *value) must_check;

/* config_set() with a value of the agent's file, for inherit.c. */
int config_set_inherited(struct config *config, const struct config_key *key, const char *value,
			 const char *origin, struct reason *why) must_check;

/*
 * The directory that the path at `value`, which is in `config`, must not lead out of, because it is
 * from the agent's file (trusted-file.h); null: the path is ours.
 */
const char *config_home(const struct config *config, const void *value) must_check;

/*
 * Read the default file and its drop-ins: SYSCONFDIR/agent-register/agent-register.conf, then
 * agent-register.conf.d/NAME.conf from /usr/lib, /run and SYSCONFDIR in the order of their names;
 * of files with the same name only the one in the last of these directories is used (as in
 * systemd). None of them has to exist. Returns as config_read().
 */
int config_read_defaults(struct config *config, struct reason *why) must_check;

/*
 * The same with a given main file and drop-in directories (terminated by null), of which later ones
 * take precedence. For config_read_defaults() and its test.
 */
int config_read_layers(struct config *config, const char *main_file, const char *const *directories,
		       struct reason *why) must_check;

/*
 * Use the credentials passed to the service ($CREDENTIALS_DIRECTORY, systemd.exec(5)):
 * agent-register.conf is read as a configuration file, and agent-register.password, .ca,
 * .certificate, .private-key, .proxy-password, .api-password, .token and .client-key replace the
 * corresponding files. Credentials that were not passed change nothing. Returns as config_read().
 */
int config_read_credentials(struct config *config, struct reason *why) must_check;

/*
 * A place in which configuration is looked for: a file, or all files in a directory whose names
 * begin with `prefix` and end with `suffix`, where they are not null.
 */
struct config_place {
	const char *path;
	const char *prefix, *suffix;
	bool is_store; /* of credentials, of which systemd passes copies (LoadCredential=) */
};

/* All of them by default; ends with a row whose path is null. */
extern const struct config_place config_places[];

/*
 * Is `path` a credential of this service? Credentials are written at each start and removed by
 * systemd.
 */
bool config_is_credential(const char *path) must_check;

/*
 * The name of a credential that is in one of systemd's stores below /etc and /run (systemd.exec(5))
 * but was not passed to this service, such as one that was written after the service was started;
 * null: there is none. Static.
 */
const char *config_late_credential(void) must_check;

/* Check the rules that concern more than one key. Returns 0, or -EINVAL with `why` set. */
int config_check(const struct config *config, struct reason *why) must_check;

/* The port for addresses without one: the configured port, or the default of the method. */
uint16_t config_default_port(const struct config *config);

/* The password file of the method; null: none. Owned by the configuration. */
const char *config_password_file(const struct config *config);

/* config_home() of that file. */
const char *config_password_home(const struct config *config);

/* Is an enrollment token configured, which has the manager's address and how to verify it? */
bool config_has_token(const struct config *config) must_check;

/* Does ours want the CA of the agent's file, and has not got it? */
bool config_wants_agents_ca(const struct config *config) must_check;

/* Is there anything to do: is a manager, a token or a key to import configured? */
bool config_has_work(const struct config *config) must_check;

/* What to say where not, wherever it is said. */
#define CONFIG_NO_MANAGER                                                                     \
	"No manager is configured: write address = HOST under [manager], and ca_file or pin " \
	"under [tls], into " SYSCONFDIR "/agent-register/agent-register.conf"

void config_clear(struct config *config);
