/* SPDX-License-Identifier: ISC */
/* One manager of the agent's, as its configuration names it (agent-settings.h). */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How an agent is told its manager. */
enum agent_server_kind {
	AGENT_SERVER_ADDRESS,   /* <server><address>, <manager><address>: a name or an address */
	AGENT_SERVER_IP,        /* <server-ip>: an address, no name */
	AGENT_SERVER_HOST_NAME, /* <server-hostname>: a name */
	AGENT_SERVER_ENDPOINT,  /* <manager><endpoint>: [https://]host[:port][/prefix] */
};

struct agent_server {
	enum agent_server_kind kind;
	char *text;    /* the value as it stands; empty where there is no element for it */
	size_t line;   /* of the element, or of the block that lacks it */
	char *host;    /* without brackets; for other kinds than an endpoint, the value itself */
	uint16_t port; /* that the agent connects to */
	char *prefix;  /* of an endpoint, with the slash: "/a"; otherwise null */
	bool is_udp;   /* events are sent by UDP */
	/*
	 * The host is none: empty or blank, MANAGER_IP, 0.0.0.0, the IP of the 5.0 template, or
	 * `by_variable`.
	 */
	bool is_placeholder;
	/* There is a "$" in the host: whoever wrote it meant a variable. */
	bool by_variable;
	/* Wazuh 5: it stands in a <client> that version 4 has left. */
	bool is_left_over;
	size_t item;  /* of the element; OSSEC_CONF_NONE: there is none */
	size_t block; /* <server>, <manager>; OSSEC_CONF_NONE: the element is not in one */
};

/*
 * Have a server the text of its kind, and what it consists of. The text is copied. Returns 0, or
 * -ENOMEM with nothing changed.
 */
int agent_server_set(struct agent_server *server, const char *text) must_check;

/* Free what it consists of. */
void agent_server_clear(struct agent_server *server);

/* Is that text, blanks around it left out, one of those that are no address? */
bool agent_server_is_placeholder(const char *text) must_check;

/* Has it a "$"? Whoever writes one means a variable: it is in no host, name, group or address. */
bool agent_text_has_variable(const char *text) must_check;
