/* SPDX-License-Identifier: ISC */
#include "registrar/registry/refusal-log.h"

#include "common/agent-key.h"
#include "common/log.h"
#include "common/peer-text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define REGISTRAR_MESSAGE_REFUSED "5e0b7a94c3d24f0c8f1d2b6a9c7e35d1"

void refusal_log(const struct authd_field *name, const char *text, const char *detail,
		 const char *client, const char *password)
{
	const char *const secrets[PEER_TEXT_SECRETS] = { password };
	bool has_name = name->text && name->length > 0;
	char shown[512], agent[4 * AGENT_NAME_MAX + 1] = "", more[1600] = "";
	const struct log_field fields[] = {
		{ "AGENT_NAME", has_name ? agent : NULL },
		{ "REASON", shown },
		{ "PEER", client },
		{ 0 },
	};

	(void)peer_text_show(shown, sizeof shown, text, strlen(text), secrets);
	if (has_name)
		(void)peer_text_show(agent, sizeof agent, name->text, name->length, secrets);
	if (has_name || detail[0])
		(void)snprintf(more, sizeof more, " (%s%s%s%s)", has_name ? "agent " : "", agent,
			       has_name && detail[0] ? "; " : "", detail);
	log_event(LOG_NOTICE, REGISTRAR_MESSAGE_REFUSED, fields, "Refused %s: %s%s", client, shown,
		  more);
}
