/* SPDX-License-Identifier: ISC */
#include "client/agent-files/agent-server.h"

#include "client/agent-files/agent-endpoint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool agent_server_is_placeholder(const char *text)
{
	static const char *const placeholders[] = { "", "MANAGER_IP", "0.0.0.0", "IP" };
	static const char blanks[] = " \t\n\v\f\r";
	size_t length;

	text += strspn(text, blanks);
	length = strcspn(text, blanks);
	if (text[length + strspn(text + length, blanks)] != '\0')
		return false;
	for (size_t i = 0; i < sizeof placeholders / sizeof placeholders[0]; i++)
		if (strlen(placeholders[i]) == length && memcmp(text, placeholders[i], length) == 0)
			return true;
	return false;
}

bool agent_text_has_variable(const char *text)
{
	return strchr(text, '$');
}

void agent_server_clear(struct agent_server *server)
{
	free(server->text);
	free(server->host);
	free(server->prefix);
	*server = (struct agent_server){ 0 };
}

int agent_server_set(struct agent_server *server, const char *text)
{
	struct agent_server set = *server;
	int r = 0;

	set.host = set.prefix = NULL;
	set.text = strdup(text);
	if (!set.text)
		return -ENOMEM;
	if (set.kind == AGENT_SERVER_ENDPOINT)
		r = agent_endpoint_split(set.text, &set.host, &set.port, &set.prefix);
	else
		set.host = strdup(text);
	if (r < 0 || !set.host) {
		agent_server_clear(&set);
		return -ENOMEM;
	}
	set.by_variable = agent_text_has_variable(set.host);
	set.is_placeholder = set.by_variable || agent_server_is_placeholder(set.host);
	agent_server_clear(server);
	*server = set;
	return 0;
}
