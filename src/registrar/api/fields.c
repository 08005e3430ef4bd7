/* SPDX-License-Identifier: ISC */
#include "registrar/api/fields.h"

#include "common/comma-list.h"

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

unsigned int api_field_wants(enum api_field field)
{
	switch (field) {
	case API_FIELD_STATUS:
	case API_FIELD_LAST_KEEP_ALIVE:
		return AGENTS_SEEN;
	case API_FIELD_DATE_ADD:
		return AGENTS_ADDED;
	case API_FIELD_GROUP:
		return AGENTS_GROUPS;
	default:
		return 0;
	}
}

unsigned int api_fields_want(const char *list)
{
	unsigned int wanted = 0;

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (comma_list_has(list, fields[i].name))
			wanted |= api_field_wants(fields[i].field);
	return wanted;
}

struct api_agent api_agent_of(struct agent_row *row, time_t now)
{
	char *ip = (char *)row->ip; /* it is ours, with the row */

	ip[strcspn(ip, "/")] = '\0';
	return (struct api_agent){
		.row = row,
		.id = (unsigned int)strtoul(row->id, NULL, 10),
		.now = now,
	};
}

/* Empty: it is not known. */
static const char *status_of(const struct api_agent *agent)
{
	switch (agent->row->seen) {
	case AGENT_SEEN_NEVER:
		return "never_connected";
	case AGENT_SEEN_AT:
		return agent->now - agent->row->seen_at < API_DISCONNECTED_AFTER ? "active"
										 : "disconnected";
	default:
		return "";
	}
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

struct api_value api_agent_value(const struct api_agent *agent, enum api_field field)
{
	static const struct api_value null = { .kind = API_VALUE_NULL };
	const struct agent_row *row = agent->row;

	switch (field) {
	case API_FIELD_ID:
		return number(agent->id);
	case API_FIELD_NAME:
		return text_or_null(row->name);
	case API_FIELD_IP:
	case API_FIELD_REGISTER_IP:
		return text_or_null(row->ip);
	case API_FIELD_STATUS:
		return text_or_null(status_of(agent));
	case API_FIELD_DATE_ADD:
		return row->is_added_known ? number(row->added_at) : null;
	case API_FIELD_LAST_KEEP_ALIVE:
		return row->seen == AGENT_SEEN_AT ? number(row->seen_at) : null;
	case API_FIELD_GROUP:
		return text_or_null(row->groups ?: "");
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

json_t *api_time_describe(time_t when)
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
static json_t *describe_field(const struct api_agent *agent, enum api_field field)
{
	struct api_value value = api_agent_value(agent, field);

	if (value.kind == API_VALUE_NULL)
		return NULL;
	if (field == API_FIELD_ID)
		return json_string(agent->row->id);
	if (field == API_FIELD_GROUP)
		return describe_groups(value.text);
	return value.kind == API_VALUE_NUMBER ? api_time_describe((time_t)value.number)
					      : json_string(value.text);
}

json_t *api_agent_describe(const struct api_agent *agent, const char *select, bool always_id)
{
	json_t *object = json_object();

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		bool is_selected = !select || comma_list_has(select, fields[i].name) ||
				   (fields[i].field == API_FIELD_ID && always_id);
		json_t *value = is_selected ? describe_field(agent, fields[i].field) : NULL;

		if (value)
			(void)json_object_set_new(object, fields[i].name, value);
	}
	return object;
}
