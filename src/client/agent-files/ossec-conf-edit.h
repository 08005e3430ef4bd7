/* SPDX-License-Identifier: ISC */
/*
 * Changing the agent's etc/ossec.conf: which managers it has, and whether and as what it enrolls by
 * itself. Pure: the old text and what is wanted, to the new text. Every other byte stays.
 *
 * - A value is replaced where it stands. Comments within it stay.
 * - What has no place yet is added: elements in their block, whole blocks behind the last one of
 *   their kind, with the children that this one has; in the indentation and with the line ends that
 *   are there.
 * - An element may get another name, because OSSEC has one for addresses and one for names.
 * - The result is read again: it must differ from the old text in what was wanted, and in nothing
 *   else; otherwise the old text stays.
 */
#pragma once

#include "client/agent-files/agent-generation.h"
#include "common/must-check.h"
#include "common/reason.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum set_manager {
	SET_MANAGER_NO,
	SET_MANAGER_YES,   /* where there is no address but placeholders */
	SET_MANAGER_FORCE, /* instead of any other address, too */
};

enum own_enrollment {
	OWN_ENROLLMENT_KEEP,
	OWN_ENROLLMENT_OFF,    /* <enabled>no</enabled> */
	OWN_ENROLLMENT_SAME,   /* agent_name, groups and address are those of the registration */
	OWN_ENROLLMENT_FORGET, /* there is no agent_name or address; no choice of a configuration */
};

/* Of Wazuh 5's endpoint, where it says none. */
#define AGENT_PREFIX_5 "wazuh-manager"

/*
 * A manager that the agent is to send its events to. What is not known of it stays as the file has
 * it for a placeholder or for the same host; in place of another manager it is the usual one. (A
 * port that stands in an element of its own stays in any case.)
 */
struct agent_manager {
	const char *host;   /* without brackets */
	uint16_t port;      /* 0: not known */
	const char *prefix; /* of Wazuh 5's endpoint, without slashes around it; null: not known */
};

struct ossec_conf_wish {
	enum agent_generation generation;
	enum set_manager set_manager;
	/*
	 * In their order; without any, a file that needs one is refused. Wazuh 5 has one manager:
	 * the first. If the file has more places than these, they are used again from the first one
	 * on.
	 */
	const struct agent_manager *managers;
	size_t manager_count;
	enum own_enrollment own_enrollment;
	/* for OWN_ENROLLMENT_SAME; null: the element goes */
	const char *agent_name;
	const char *groups;        /* separated by commas */
	const char *agent_address; /* an address */
	bool use_source_ip;        /* the address that the manager sees */
};

/* Is anything wanted? */
bool ossec_conf_wish_is_empty(const struct ossec_conf_wish *wish) must_check;

/*
 * Make the new text, terminated, to be freed. Returns 1 with `ret` set; 0 when the file says all
 * that already; -EINVAL with `why` set ("line 12: ...") when the agents do not understand the file,
 * or it cannot be changed so; -EFBIG or -ENOMEM.
 */
int ossec_conf_edit(char **ret, size_t *ret_length, const char *text, size_t length,
		    const struct ossec_conf_wish *wish, struct reason *why) must_check;
