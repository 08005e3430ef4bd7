/* SPDX-License-Identifier: ISC */
#include "registrar/api/fields.h"

#include "registrar/agents/groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STAMP_SIZE sizeof("2026-11-21T12:34:56+00:00")

const char api_field_names[] = "configSum, dateAdd, disconnection_time, "
			       "group, group_config_status, id, "
			       "ip, lastKeepAlive, manager, mergedSum, name, node_name, os.arch, "
			       "os.build, os.codename, os.major, os.minor, os.name, os.platform, "
			       "os.uname, os.version, registerIP, status, status_code, version";

static const struct {
	const char *name;
	enum api_field field;
} fields[] = {
	{ "id", API_FIELD_ID },
	{ "name", API_FIELD_NAME },
	{ "ip", API_FIELD_IP },
	{ "registerIP", API_FIELD_REGISTER_IP },
	{ "status", API_FIELD_STATUS },
	{ "dateAdd", API_FIELD_DATE_ADD },
	{ "lastKeepAlive", API_FIELD_LAST_KEEP_ALIVE },
	{ "group", API_FIELD_GROUP },
	{ "configSum", API_FIELD_UNKNOWN },
	{ "disconnection_time", API_FIELD_UNKNOWN },
	{ "group_config_status", API_FIELD_UNKNOWN },
	{ "manager", API_FIELD_UNKNOWN },
	{ "mergedSum", API_FIELD_UNKNOWN },
	{ "node_name", API_FIELD_UNKNOWN },
	{ "os.arch", API_FIELD_UNKNOWN },
	{ "os.build", API_FIELD_UNKNOWN },
	{ "os.codename", API_FIELD_UNKNOWN },
	{ "os.major", API_FIELD_UNKNOWN },
	{ "os.minor", API_FIELD_UNKNOWN },
	{ "os.name", API_FIELD_UNKNOWN },
	{ "os.platform", API_FIELD_UNKNOWN },
	{ "os.uname", API_FIELD_UNKNOWN },
	{ "os.version", API_FIELD_UNKNOWN },
	{ "status_code", API_FIELD_UNKNOWN },
	{ "version", API_FIELD_UNKNOWN },
};

bool api_field_find(enum api_field *ret, const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		if (strlen(fields[i].name) != length || memcmp(fields[i].name, name, length) != 0)
			continue;
		*ret = fields[i].field;
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------ values */

static const char *ip_of(struct api_agent *agent)
{
	const char *ip = agent->entry->ip;

	if (!agent->ip[0])
		(void)snprintf(agent->ip, sizeof agent->ip, "%.*s", (int)strcspn(ip, "/"), ip);
	return agent->ip;
}

static const char *groups_of(struct api_agent *agent)
{
	const char *queue = agent->knowledge->history->queue;
	char *groups, *fitting;

	if (agent->groups)
		return agent->groups;
	groups = malloc(AGENT_GROUPS_SIZE);
	if (!groups)
		return "";
	if (agent_groups_read(groups, queue, agent->entry->id_text, NULL) < 0)
		groups[0] = '\0';
	fitting = realloc(groups, strlen(groups) + 1);
	agent->groups = fitting ?: groups;
	return agent->groups;
}

static const char *status_of(struct api_agent *agent)
{
	const struct api_knowledge *knowledge = agent->knowledge;
	int r;

	if (agent->status)
		return agent->status;
	r = knowledge->history->queue
		    ? agent_history_seen(knowledge->history, agent->entry, &agent->seen)
		    : -ENOENT;
	if (r == -ENODATA)
		agent->status = "never_connected";
	else if (r < 0)
		agent->status = "";
	else if (knowledge->now - agent->seen < API_DISCONNECTED_AFTER)
		agent->status = "active";
	else
		agent->status = "disconnected";
	return agent->status;
}

static struct api_value number(long long value)
{
	return (struct api_value){ .kind = API_VALUE_NUMBER, .number = value };
}

static struct api_value text_or_null(const char *text)
{
	return text[0] ? (struct api_value){ .kind = API_VALUE_TEXT, .text = text }
		       : (struct api_value){ .kind = API_VALUE_NULL };
}

struct api_value api_agent_value(struct api_agent *agent, enum api_field field)
{
	static const struct api_value null = { .kind = API_VALUE_NULL };
	time_t added;
	const char *status;

	switch (field) {
	case API_FIELD_ID:
		return number(agent->entry->id);
	case API_FIELD_NAME:
		return text_or_null(agent->entry->name);
	case API_FIELD_IP:
	case API_FIELD_REGISTER_IP:
		return text_or_null(ip_of(agent));
	case API_FIELD_STATUS:
		return text_or_null(status_of(agent));
	case API_FIELD_DATE_ADD:
		return agent_history_stamps_find(&agent->knowledge->stamps, agent->entry, &added) <
				       0
			       ? null
			       : number(added);
	case API_FIELD_LAST_KEEP_ALIVE:
		status = status_of(agent);
		return status[0] == '\0' || status[0] == 'n' ? null : number(agent->seen);
	case API_FIELD_GROUP:
		return text_or_null(groups_of(agent));
	case API_FIELD_UNKNOWN:
		break;
	}
	return null;
}

static bool find_for_condition(struct api_condition *condition, const char *name, size_t length)
{
	enum api_field field;

	if (!api_field_find(&field, name, length))
		return false;
	condition->field = field;
	if (field == API_FIELD_DATE_ADD || field == API_FIELD_LAST_KEEP_ALIVE)
		condition->comparison = API_COMPARE_TIME;
	else
		condition->comparison = field == API_FIELD_GROUP ? API_COMPARE_LIST
								 : API_COMPARE_PLAIN;
	return true;
}

static struct api_value value_for_condition(void *owner, int field)
{
	return api_agent_value(owner, (enum api_field)field);
}

const struct api_field_set api_agent_fields = {
	.names = api_field_names,
	.find = find_for_condition,
	.value = value_for_condition,
};

/* ------------------------------------------------------------------ description */

static json_t *describe_time(time_t when)
{
	char stamp[STAMP_SIZE];
	struct tm utc;

	return gmtime_r(&when, &utc) &&
			       strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S+00:00", &utc) > 0
		       ? json_string(stamp)
		       : NULL;
}

static json_t *describe_groups(const char *groups)
{
	json_t *array = json_array();

	for (;;) {
		size_t length = strcspn(groups, ",");

		(void)json_array_append_new(array, json_stringn(groups, length));
		if (groups[length] == '\0')
			return array;
		groups += length + 1;
	}
}

/* Null: the field is null. */
static json_t *describe_field(struct api_agent *agent, enum api_field field)
{
	struct api_value value = api_agent_value(agent, field);

	if (value.kind == API_VALUE_NULL)
		return NULL;
	if (field == API_FIELD_ID)
		return json_string(agent->entry->id_text);
	if (field == API_FIELD_GROUP)
		return describe_groups(value.text);
	return value.kind == API_VALUE_NUMBER ? describe_time((time_t)value.number)
					      : json_string(value.text);
}

json_t *api_agent_describe(struct api_agent *agent, const char *select, bool always_id)
{
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		bool is_selected = !select || agent_groups_have(select, fields[i].name) ||
				   (fields[i].field == API_FIELD_ID && always_id);
		json_t *value = is_selected ? describe_field(agent, fields[i].field) : NULL;

		if (value)
			(void)json_object_set_new(object, fields[i].name, value);
	}
	return object;
}

void api_agent_clear(struct api_agent *agent)
{
	free(agent->groups);
	*agent = (struct api_agent){ .knowledge = NULL };
}
