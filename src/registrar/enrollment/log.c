/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/log.h"

#include "common/escape.h"
#include "common/log.h"
#include "registrar/registry/refusal-log.h"

#include <stdio.h>
#include <string.h>

#define REGISTRAR_MESSAGE_REGISTERED "8d1f2c6a5b0e4a6e9a5a0d7c3e41b7f2"
#define REGISTRAR_MESSAGE_REMOVED "3f6d0b9ae1754d2c8b97f4a2d05c6e18"
#define REGISTRAR_MESSAGE_FAILED "c2a9f4e17d6b4b3fa8e05c9b1d7f6240"

static void log_registered(const struct enrollment *enrollment, const char *peer)
{
	const struct agent_key *agent = &enrollment->agent;
	bool is_renamed = strcmp(enrollment->asked_name, agent->name) != 0;
	char groups[512], replaced[64] = "";
	const struct log_field fields[] = {
		{ "AGENT_ID", agent->id },
		{ "AGENT_NAME", agent->name },
		{ "AGENT_NAME_REQUESTED", is_renamed ? enrollment->asked_name : NULL },
		{ "AGENT_IP", agent->ip },
		{ "AGENT_GROUPS", enrollment->groups[0]
					  ? escape_string(groups, sizeof groups, enrollment->groups)
					  : NULL },
		{ "PEER", peer },
		{ 0 },
	};

	for (int i = 0, n = 0; i < ENROLLMENT_REPLACED_MAX; i++)
		if (enrollment->replaced[i][0])
			n += snprintf(replaced + n, sizeof replaced - (size_t)n, "%s%s",
				      n ? " and " : ", replacing ", enrollment->replaced[i]);
	/* A name, id and address that were accepted hold nothing that needs escaping. */
	log_event(LOG_INFO, REGISTRAR_MESSAGE_REGISTERED, fields,
		  "Registered %s%s as %s, address %s%s%s%s%s%s, for %s", agent->name,
		  enrollment->is_again ? " again" : "", agent->id, agent->ip,
		  is_renamed ? ", renamed from " : "", is_renamed ? enrollment->asked_name : "",
		  enrollment->groups[0] ? ", groups " : "", enrollment->groups[0] ? groups : "",
		  replaced, peer);
}

void enrollment_log_removed(const char *id, const char *name, const char *peer)
{
	const struct log_field fields[] = {
		{ "AGENT_ID", id }, { "AGENT_NAME", name }, { "PEER", peer }, { 0 }
	};

	log_event(LOG_INFO, REGISTRAR_MESSAGE_REMOVED, fields, "Removed agent %s (%s) for %s", id,
		  name, peer);
}

/* A request that this machine could not fulfil. */
static void log_failed(const struct enrollment *enrollment,
		       const struct agent_registration *registration, const char *client)
{
	char shown[512], agent[4 * AGENT_NAME_MAX + 1];
	const struct log_field fields[] = {
		{ "AGENT_NAME", escape_string(agent, sizeof agent, enrollment->asked_name) },
		{ "REASON", enrollment->why.text },
		{ "PEER", client },
		{ 0 },
	};

	escape_string(shown, sizeof shown, enrollment->refusal);
	if (registration->way == REGISTRATION_BY_AUTHD)
		log_event(LOG_ERR, REGISTRAR_MESSAGE_FAILED, fields,
			  "%s (agent %s; client %s got: %s)", enrollment->why.text, agent, client,
			  shown);
	else
		log_event(LOG_ERR, REGISTRAR_MESSAGE_FAILED, fields, "%s (agent %s; client %s)",
			  enrollment->why.text, agent, client);
}

/* The words of OSSEC have an id alone, and those of Wazuh an address. */
static const char *describe_refusal(const struct enrollment *enrollment, struct reason *buffer)
{
	if (enrollment->why.text[0] || enrollment->fault != REGISTRATION_IP_TAKEN)
		return enrollment->why.text;
	reason_set(buffer, "%s belongs to agent %s, %s", enrollment->shown_ip, enrollment->holder,
		   enrollment->holder_name);
	return buffer->text;
}

void enrollment_log(const struct enrollment *enrollment,
		    const struct agent_registration *registration, const char *user)
{
	const struct authd_field name = { enrollment->asked_name, strlen(enrollment->asked_name) };
	char buffer[AGENT_REGISTRATION_CLIENT_SIZE];
	struct reason buffer_why;
	const char *client = agent_registration_client(registration, user, buffer);

	if (enrollment->accepted)
		log_registered(enrollment, client);
	else if (enrollment->fault == REGISTRATION_INTERNAL)
		log_failed(enrollment, registration, client);
	else
		refusal_log(&name, enrollment->refusal, describe_refusal(enrollment, &buffer_why),
			    client, NULL);
}
