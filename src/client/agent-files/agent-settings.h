/* SPDX-License-Identifier: ISC */
/*
 * What the agent's etc/ossec.conf says about managers and about enrolling, as the agent of the
 * generation that is installed understands it. Changes nothing. Pure but for agent_settings_load().
 *
 * Sources: Read_Client() of OSSEC HIDS (August 2026) and of Wazuh 4.14.7, and its successors in
 * Wazuh 5, src/config/client-config.c; Validate_Address() there for what is no address.
 * - Blocks are read one after the other, in all roots <ossec_config>; of a single value the last
 *   one counts, and servers add up. (Wazuh before 4.3.3 begins its list again with each <client>
 *   that has a server; of these, Wazuh 3 is known from what is installed.) OSSEC has one port.
 * - With Wazuh 5 there is one manager: the last one, in <agent>; if none was there before, in a
 *   <client> that version 4 has left, whose port does not count. <enrollment> of such a <client>
 *   counts unless <agent> had one before. So does the release candidate of September 2026; older
 *   ones read no <enrollment> there, and know <server> instead of <manager>.
 * - Values are taken as they stand, blanks, line ends and the CR of a CRLF included.
 * - So is a $NAME: <var name="NAME"> is read by the same parser, but what replaces it,
 *   OS_ApplyVariables() of src/os_xml, is called for rules and decoders only (rules.c, rules_op.c,
 *   decode-xml.c), which only managers have. ReadConfig() in src/config/config.c, with which all
 *   agents read this file, calls OS_ReadXML() and no more, in OSSEC HIDS main, Wazuh 2.1 to 4.14.9
 *   and 5.0.0; the latter has no caller left. An address $MANAGER is a host name to them, of that
 *   spelling, which nothing resolves. What was meant, agent-settings-variables.h knows.
 */
#pragma once

#include "client/agent-files/agent-generation.h"
#include "client/agent-files/agent-server.h"
#include "client/agent-files/ossec-conf.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Bytes; the agents have no limit. */
#define AGENT_SETTINGS_FILE_MAX ((off_t)4 * 1024 * 1024)

/* The ports for events. */
#define AGENT_PORT_UP_TO_4 1514
#define AGENT_PORT_5 1517

/* The single values, in their last occurrence. */
enum agent_setting_key {
	/* <enrollment>, in <client> (Wazuh 4) or <agent> (5; also in a <client> of version 4) */
	AGENT_ENROLLMENT_ENABLED,
	AGENT_ENROLLMENT_MANAGER_ADDRESS, /* not 5 */
	AGENT_ENROLLMENT_PORT,            /* not 5 */
	AGENT_ENROLLMENT_INTERFACE_INDEX, /* not 5 */
	AGENT_ENROLLMENT_AGENT_NAME,
	AGENT_ENROLLMENT_GROUPS,
	AGENT_ENROLLMENT_AGENT_ADDRESS,
	AGENT_ENROLLMENT_USE_SOURCE_IP,
	AGENT_ENROLLMENT_SSL_CIPHER,
	AGENT_ENROLLMENT_SERVER_CA_PATH,
	AGENT_ENROLLMENT_CERTIFICATE_PATH, /* agent_certificate_path */
	AGENT_ENROLLMENT_KEY_PATH,         /* agent_key_path */
	AGENT_ENROLLMENT_PASSWORD_PATH,    /* authorization_pass_path */
	AGENT_ENROLLMENT_AUTO_METHOD,
	AGENT_ENROLLMENT_DELAY, /* delay_after_enrollment */
	/* <ssl> in <agent> (Wazuh 5): of the connection for events, and for enrolling */
	AGENT_SSL_CERTIFICATE,
	AGENT_SSL_KEY,
	AGENT_SSL_CERTIFICATE_AUTHORITIES,
	AGENT_SSL_VERIFICATION_MODE,
	AGENT_SETTING_KEYS
};

struct agent_setting {
	char *text; /* as it stands; null: the file does not say it */
	size_t line;
	bool is_placeholder; /* of manager_address: as in struct agent_server */
	bool by_variable;    /* as in struct agent_server, of the text */
	size_t item;
};

struct agent_settings {
	enum agent_generation generation;
	char *path;               /* of the file, for messages; null: read from memory */
	struct ossec_conf syntax; /* what `item` and `block` count in */
	struct agent_server *servers;
	size_t server_count, servers_allocated;
	struct agent_setting values[AGENT_SETTING_KEYS];
	/*
	 * The last <client> (Wazuh 5: <agent>) and the last <enrollment> in such a block;
	 * OSSEC_CONF_NONE: there is none. One without any child counts as well.
	 */
	size_t block, enrollment;
	bool has_agents_enrollment; /* Wazuh 5: <agent> had an <enrollment> with a child */
};

/*
 * Understand `text`. Returns 0 with `ret` set, to be released with agent_settings_clear(); or as
 * ossec_conf_parse().
 */
int agent_settings_read(struct agent_settings *ret, const char *text, size_t length,
			enum agent_generation generation, struct reason *why) must_check;

/*
 * Find out which agent is in `directory`, and understand its etc/ossec.conf, which is opened as
 * trusted-file.h does, because the agent's group may write it; a symbolic link is followed if only
 * root can have made it. Returns 1 with `ret` set, 0 when there is no such file, or a negative
 * errno with `why` set ("/var/ossec/etc/ossec.conf, line 12: ..."). `ret->generation` may be
 * AGENT_UNKNOWN: then the file was understood as Wazuh 4 would.
 */
int agent_settings_load(struct agent_settings *ret, const char *directory,
			struct reason *why) must_check;

/* Have a value another text than the file's, as if it stood there. Takes `text`, to be freed. */
void agent_setting_set(struct agent_settings *settings, enum agent_setting_key key, char *text);

/* Suitable for cleanup(). */
void agent_settings_clear(struct agent_settings *settings);

/*
 * Has the agent an address that is one? A Wazuh agent whose addresses are all placeholders does not
 * start, unless there is a variable among them; OSSEC's does, and goes on trying.
 */
bool agent_settings_has_manager(const struct agent_settings *settings) must_check;

/* Will the agent enroll by itself? The default is yes, for generations that do. */
bool agent_settings_enrolls(const struct agent_settings *settings) must_check;

/* The name of the element of a value: "manager_address". Static. */
const char *agent_setting_name(enum agent_setting_key key);
