/* SPDX-License-Identifier: ISC */
#include "registrar/authd/ending.h"

#include "common/agent-key.h"
#include "common/log.h"

#include <stdio.h>

/* " (agent NAME)", as far as the name is known. */
static const char *agent_text(char *buffer, size_t size, const struct connection *connection)
{
	const struct authd_field name = connection_agent_name(connection);

	buffer[0] = '\0';
	if (name.text)
		(void)snprintf(buffer, size, " (agent %.*s)", (int)name.length, name.text);
	return buffer;
}

static void log_ending(const struct connection *connection, enum connection_end how,
		       const char *detail)
{
	const char *peer = connection_peer(connection)->text;
	char agent[AGENT_NAME_MAX + sizeof " (agent )"];

	switch (how) {
	case CONNECTION_DONE:
		break;
	case CONNECTION_NOTHING:
		log_debug("%s closed without sending anything", peer);
		break;
	case CONNECTION_STOPPED:
		log_debug("Closed %s: stopping", peer);
		break;
	case CONNECTION_GAVE_WAY:
		log_notice("Closed %s: there was no room for others (--max-connections, "
			   "--max-per-source)",
			   peer);
		break;
	case CONNECTION_NO_TLS:
		log_notice("Refused %s: TLS handshake failed: %s", peer, detail);
		break;
	case CONNECTION_CLEAR_TEXT:
		log_notice("Refused %s: received %s", peer, detail);
		break;
	case CONNECTION_GONE:
		log_info("Lost %s: %s", peer, detail);
		break;
	case CONNECTION_TIMEOUT:
		log_notice("Gave up on %s: %s", peer, detail);
		break;
	case CONNECTION_FLOOD:
		log_notice("Cut off %s: it sends TLS messages without end (renegotiation or key "
			   "updates)",
			   peer);
		break;
	case CONNECTION_OTHER_HOST:
		log_notice("Refused %s: its certificate is not for its address%s", peer,
			   agent_text(agent, sizeof agent, connection));
		break;
	case CONNECTION_TOO_LONG:
		log_notice("Refused %s: the request is longer than %d bytes%s", peer,
			   REQUEST_BUFFER_MAX, agent_text(agent, sizeof agent, connection));
		break;
	}
}

/* The event that the line is about; PEER_EVENT_COUNT: it is not limited. */
static enum peer_event event_of(enum connection_end how)
{
	switch (how) {
	case CONNECTION_NO_TLS:
		return PEER_NO_TLS;
	case CONNECTION_CLEAR_TEXT:
		return PEER_CLEAR_TEXT;
	case CONNECTION_GONE:
		return PEER_GONE;
	case CONNECTION_TIMEOUT:
		return PEER_TIMEOUT;
	case CONNECTION_FLOOD:
		return PEER_FLOOD;
	case CONNECTION_OTHER_HOST:
		return PEER_OTHER_HOST;
	case CONNECTION_TOO_LONG:
		return PEER_TOO_LONG;
	case CONNECTION_GAVE_WAY:
		return PEER_GAVE_WAY;
	case CONNECTION_DONE:
	case CONNECTION_NOTHING:
	case CONNECTION_STOPPED:
		break;
	}
	return PEER_EVENT_COUNT;
}

static void count_offence(struct admission *admission, const struct connection *connection,
			  enum connection_end how, size_t open)
{
	const char *address = connection_peer(connection)->address;

	if (how == CONNECTION_NO_TLS || how == CONNECTION_CLEAR_TEXT)
		admission_offence(admission, address, OFFENCE_NO_TLS);
	else if (how == CONNECTION_GONE && !connection_has_request(connection))
		admission_offence(admission, address, OFFENCE_NOTHING);
	else if (how == CONNECTION_NOTHING)
		admission_wasted(admission, address, open);
	else if (how == CONNECTION_GAVE_WAY && !connection_has_request(connection))
		admission_offence(admission, address, OFFENCE_IDLE);
	else if (how == CONNECTION_TIMEOUT)
		admission_offence(admission, address, OFFENCE_TIMEOUT);
	else if (how == CONNECTION_FLOOD || how == CONNECTION_TOO_LONG)
		admission_offence(admission, address, OFFENCE_FLOOD);
}

void ending_note(const struct connection *connection, enum connection_end how, const char *detail,
		 struct peer_log *log, struct admission *admission, size_t open)
{
	const char *address = connection_peer(connection)->address;
	enum peer_event event = event_of(how);

	count_offence(admission, connection, how, open);
	if (event == PEER_EVENT_COUNT || peer_log_may(log, address, event))
		log_ending(connection, how, detail);
}
