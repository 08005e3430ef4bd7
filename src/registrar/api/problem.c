/* SPDX-License-Identifier: ISC */
#include "registrar/api/problem.h"

#include "registrar/api/repr.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct description {
	enum api_code code;
	int status;
	const char *title;
	const char *message;
	const char *remediation;
};

static const struct description descriptions[] = {
	{ API_INTERNAL, 500, "Wazuh Internal Error", "Wazuh Internal Error",
	  "The log of agent-registrar says more" },
	{ API_NO_JSON, 400, "Bad Request", "Body request is not a valid JSON", NULL },
	{ API_SORT_FIELD, 400, "Bad Request", "Not a valid sort field",
	  "Sort by one of the fields that are named" },
	{ API_QUERY_FORMAT, 400, "Bad Request", "Query does not match expected format", NULL },
	{ API_QUERY_FIELD, 400, "Bad Request", "Field does not exist", NULL },
	{ API_QUERY_OPERATOR, 400, "Bad Request", "Invalid query operator", NULL },
	{ API_TIMEFRAME, 400, "Bad Request", "Timeframe is not valid",
	  "A number of seconds, or with d, h, m or s behind it, up to 3650d" },
	{ API_QUERY_DATE, 400, "Bad Request",
	  "Date filter not valid. Valid formats are YYYY-MM-DD HH:mm:ss, "
	  "YYYY-MM-DDTHH:mm:ssZ or YYYY-MM-DD",
	  NULL },
	{ API_NO_AGENT, 404, "Resource Not Found", "Agent does not exist",
	  "GET /agents?select=id,name lists the agents" },
	{ API_IS_MANAGER, 400, "Bad Request", "Action not available for Manager (agent 000)",
	  "Name another agent than 000; GET /agents?select=id,name lists them" },
	{ API_NAME_TAKEN, 400, "Bad Request", "There is an agent with the same name",
	  "Choose another name" },
	{ API_ADDRESS_TAKEN, 400, "Bad Request",
	  "There is an agent with the same IP or the IP is invalid", "Choose another IP" },
	{ API_ID_TAKEN, 400, "Bad Request", "There is an agent with the same ID",
	  "Choose another ID" },
	{ API_NO_GROUP, 404, "Resource Not Found", "The group does not exist",
	  "Create the group at the manager first" },
	{ API_GROUP_FORMAT, 400, "Bad Request", "Incorrect format for group_id",
	  "A group has 1 to 255 of a-z, A-Z, 0-9, ., _ and -" },
	{ API_SELECT_FIELD, 400, "Bad Request", "Not a valid select field",
	  "Select fields that agents have" },
	{ API_NOT_REGISTERED, 500, "Wazuh Internal Error", "Error registering a new agent",
	  "The log of agent-registrar says more" },
	{ API_NOT_ELIGIBLE, 400, "Bad Request",
	  "Agent is not eligible for the action to be performed",
	  "See that the agent meets the requirements; older_than=0s takes agents of any age" },
	{ API_TOO_MANY_GROUPS, 400, "Bad Request", "Maximum number of groups per multigroup is 128",
	  "Choose another group, or take the agent out of one" },
	{ API_NAME_LONG, 400, "Bad Request", "Agent name is too long",
	  "A name has at most 128 characters" },
	{ API_HAS_GROUP, 400, "Bad Request", "Could not assign agent to group",
	  "The agent is in that group already" },
	{ API_NOT_DELETED, 500, "Wazuh Internal Error", "Error deleting an agent",
	  "The log of agent-registrar says more" },
	{ API_NO_TOKEN, 404, "Resource Not Found", "Enrollment token does not exist",
	  "GET /agents/enrollment-tokens lists the tokens" },
	{ API_TOKEN_REFUSED, 400, "Bad Request", "Enrollment token refused",
	  "The log of agent-registrar says more" },
	{ API_TOKENS_NOT_STORED, 500, "Wazuh Internal Error",
	  "The file of the enrollment tokens cannot be used",
	  "The log of agent-registrar says more" },
	{ API_TIMEOUT, 500, "Wazuh Internal Error", "Timeout executing API request", NULL },
	{ API_BLOCKED, 403, "Permission Denied",
	  "Limit of login attempts reached. "
	  "The current IP has been blocked due to a high number of login attempts",
	  NULL },
	{ API_TOO_MANY_REQUESTS, 429, "Too Many Requests",
	  "Maximum number of requests per minute reached",
	  "Wait a minute; the limit is agent-registrar's --api-max-requests" },
	{ API_CONTENT_TYPE, 406, "Not Acceptable",
	  "The body type is not the one specified in the content-type", NULL },
	{ API_AUTHD_KEY, 500, "Wazuh Internal Error", "Key generation error",
	  "The log of agent-registrar says more" },
	{ API_AUTHD_LIMIT, 400, "Bad Request", "Maximum number of agents reached",
	  "Remove agents, or raise the limit" },
};

/* As Wazuh does: no line breaks and single blanks; UTF-8, whatever was echoed and cut. */
static void clean(char *detail)
{
	char *to = detail;

	api_utf8_trim(detail);
	api_utf8_mend(detail);
	for (const char *from = detail; *from; from++) {
		bool is_blank = strchr(" \t\r\v\f", *from);

		if (*from == '\n' || (is_blank && (to == detail || to[-1] == ' ')))
			continue;
		*to++ = is_blank ? ' ' : *from;
	}
	while (to > detail && to[-1] == ' ')
		to--;
	*to = '\0';
}

bool api_problem_set(struct api_problem *ret, int status, const char *title, const char *format,
		     ...)
{
	va_list arguments;

	*ret = (struct api_problem){ .status = status, .title = title };
	if (!format)
		return false;
	va_start(arguments, format);
	(void)vsnprintf(ret->detail, sizeof ret->detail, format, arguments);
	va_end(arguments);
	clean(ret->detail);
	return false;
}

bool api_problem_code(struct api_problem *ret, enum api_code code, const char *format, ...)
{
	const struct description *found = descriptions;
	size_t length;
	va_list arguments;

	for (size_t i = 0; i < sizeof descriptions / sizeof descriptions[0]; i++)
		if (descriptions[i].code == code)
			found = &descriptions[i];
	*ret = (struct api_problem){
		.status = found->status,
		.title = found->title,
		.code = found->code,
		.remediation = found->remediation,
	};
	length = (size_t)snprintf(ret->detail, sizeof ret->detail, "%s%s", found->message,
				  format ? ": " : "");
	if (!format)
		return false;
	va_start(arguments, format);
	(void)vsnprintf(ret->detail + length, sizeof ret->detail - length, format, arguments);
	va_end(arguments);
	clean(ret->detail);
	return false;
}

bool api_problem_http(struct api_problem *ret, int status)
{
	const char *title = status == 404 ? "Not Found" : "Method Not Allowed";

	return api_problem_set(ret, status, title, "%d: %s", status, title);
}
