/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/log.h"

#include "common/escape.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>

#define REGISTRAR_MESSAGE_REGISTERED "8d1f2c6a5b0e4a6e9a5a0d7c3e41b7f2"
#define REGISTRAR_MESSAGE_REMOVED "3f6d0b9ae1754d2c8b97f4a2d05c6e18"
#define REGISTRAR_MESSAGE_REFUSED "5e0b7a94c3d24f0c8f1d2b6a9c7e35d1"
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
		  "Registered %s as %s, address %s%s%s%s%s%s, for %s", agent->name, agent->id,
		  agent->ip, is_renamed ? ", renamed from " : "",
		  is_renamed ? enrollment->asked_name : "",
		  enrollment->groups[0] ? ", groups " : "", enrollment->groups[0] ? groups : "",
		  replaced, peer);
}

/* `detail` is what was not sent to the client; it may be empty. */
static void log_refused(const struct authd_field *name, const char *text, const char *detail,
			const char *peer)
{
	bool has_name = name->text && name->length > 0;
	char shown[512], agent[4 * AGENT_NAME_MAX + 1] = "", more[1600] = "";
	const struct log_field fields[] = {
		{ "AGENT_NAME", has_name ? agent : NULL },
		{ "REASON", shown },
		{ "PEER", peer },
		{ 0 },
	};

	escape_string(shown, sizeof shown, text);
	if (has_name)
		escape_bytes(agent, sizeof agent, name->text, name->length);
	if (has_name || detail[0])
		(void)snprintf(more, sizeof more, " (%s%s%s%s)", has_name ? "agent " : "", agent,
			       has_name && detail[0] ? "; " : "", detail);
	log_event(LOG_NOTICE, REGISTRAR_MESSAGE_REFUSED, fields, "Refused %s: %s%s", peer, shown,
		  more);
}

void enrollment_log_refused(const struct authd_field *name, const char *text, const char *peer)
{
	log_refused(name, text, "", peer);
}

void enrollment_log_ignored(const struct authd_request_fields *fields, const char *peer)
{
	static const char *const tokens[] = { "V:", "G:", "IP:", "K:" };
	const struct authd_field *rest = &fields->rest;
	char name[256], lost[32] = "";

	for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
		if (memmem(rest->text, rest->length, tokens[i], strlen(tokens[i])))
			(void)snprintf(lost + strlen(lost), sizeof lost - strlen(lost), "%s%s",
				       lost[0] ? " " : ", with ", tokens[i]);
	log_warning("Ignored the end of the request for %s from %s (%zu bytes%s): "
		    "fields come once each, in the order V, G, IP, K, with one blank before each",
		    escape_bytes(name, sizeof name, fields->name.text, fields->name.length), peer,
		    rest->length, lost);
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

void enrollment_log(const struct enrollment *enrollment,
		    const struct agent_registration *registration, const char *user)
{
	const struct authd_field name = { enrollment->asked_name, strlen(enrollment->asked_name) };
	char buffer[AGENT_REGISTRATION_CLIENT_SIZE];
	const char *client = agent_registration_client(registration, user, buffer);

	if (enrollment->accepted)
		log_registered(enrollment, client);
	else if (enrollment->fault == REGISTRATION_INTERNAL)
		log_failed(enrollment, registration, client);
	else
		log_refused(&name, enrollment->refusal, enrollment->why.text, client);
}
