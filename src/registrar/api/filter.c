/* SPDX-License-Identifier: ISC */
#include "registrar/api/filter.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "registrar/agents/groups.h"

#include <string.h>
#include <strings.h>

#define LAST_KEEP_ALIVE "lastKeepAlive"
#define SHOWN_SIZE 128
#define STAMP_SIZE sizeof("2026-11-21T12:34:56+00:00")

/* ------------------------------------------------------------------ status and age */

static const struct {
	const char *name;
	unsigned int bits;
} statuses[] = {
	{ "all", 0 },
	{ "active", API_STATUS_ACTIVE },
	{ "pending", API_STATUS_PENDING },
	{ "never_connected", API_STATUS_NEVER_CONNECTED },
	{ "disconnected", API_STATUS_DISCONNECTED },
};

/* "active,disconnected"; "all" among them is all. */
static bool read_statuses(struct api_filter *filter, const char *text, struct api_problem *problem)
{
	bool all = false;
	char shown[SHOWN_SIZE];

	for (;; text++) {
		size_t length = strcspn(text, ","), i = 0;

		while (i < sizeof statuses / sizeof statuses[0] &&
		       (strlen(statuses[i].name) != length ||
			memcmp(statuses[i].name, text, length) != 0))
			i++;
		if (i == sizeof statuses / sizeof statuses[0])
			return api_problem_set(problem, 400, "Bad Request",
					       "Error validating query parameter 'status': '%s' is "
					       "not one of ['all', 'active', 'pending', "
					       "'never_connected', 'disconnected']",
					       escape_bytes(shown, sizeof shown, text, length));
		all = all || statuses[i].bits == 0;
		filter->statuses |= statuses[i].bits;
		text += length;
		if (*text == '\0')
			break;
	}
	if (all)
		filter->statuses = 0;
	return true;
}

static enum api_status status_of(const struct api_filter *filter, const struct roster_entry *entry,
				 time_t *ret_seen)
{
	int r = filter->history->queue ? agent_history_seen(filter->history, entry, ret_seen)
				       : -ENOENT;

	if (r == -ENODATA)
		return API_STATUS_NEVER_CONNECTED;
	if (r < 0)
		return API_STATUS_UNKNOWN;
	return filter->now - *ret_seen < API_DISCONNECTED_AFTER ? API_STATUS_ACTIVE
								: API_STATUS_DISCONNECTED;
}

long long api_filter_age(const struct api_filter *filter, const struct roster_entry *entry)
{
	time_t when;
	enum api_status status = status_of(filter, entry, &when);

	if (status == API_STATUS_UNKNOWN ||
	    (status == API_STATUS_NEVER_CONNECTED &&
	     agent_history_stamps_find(&filter->stamps, entry, &when) < 0))
		return -1;
	return filter->now > when ? filter->now - when : 0;
}

/* ------------------------------------------------------------------ q */

/* The value of a field that q may ask for, or null. */
static const char *value_of(const struct roster_entry *entry, const char *field, size_t length)
{
	static const char *const names[] = { "id", "name", "ip", "registerIP" };
	const char *const values[] = { entry->id_text, entry->name, entry->ip, entry->ip };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == length && memcmp(names[i], field, length) == 0)
			return values[i];
	return NULL;
}

/* One "FIELD OPERATOR VALUE" of q; how long it is, 0 when it cannot be read. */
struct clause {
	const char *field, *value;
	size_t field_length, value_length;
	char operator; /* '=', '!' or '~' */
};

static size_t read_clause(struct clause *ret, const char *text)
{
	struct clause clause = { .field = text, .field_length = strcspn(text, "=!~<>;,()") };

	clause.operator= text[clause.field_length];
	clause.value = text + clause.field_length + 1;
	if (clause.operator== '!' && * clause.value++ != '=')
		return 0;
	if (clause.field_length == 0 || !strchr("=!~", clause.operator) || clause.operator== '\0')
		return 0;
	clause.value_length = strcspn(clause.value, "=!~<>;,()");
	if (clause.value_length == 0 || !strchr(";", clause.value[clause.value_length]))
		return 0;
	*ret = clause;
	return (size_t)(clause.value - text) + clause.value_length;
}

static bool q_is_good(const char *q, struct api_problem *problem)
{
	static const struct roster_entry any = { .name = "", .ip = "" };
	char shown[SHOWN_SIZE];

	for (;;) {
		struct clause clause;
		size_t length = read_clause(&clause, q);

		if (length == 0)
			return api_problem_code(problem, API_QUERY_FORMAT,
						"agent-registrar reads FIELD=VALUE, != and ~, with "
						"; between them");
		if (!value_of(&any, clause.field, clause.field_length))
			return api_problem_code(problem, API_QUERY_FIELD, "%s",
						escape_bytes(shown, sizeof shown, clause.field,
							     clause.field_length));
		q += length;
		if (*q++ == '\0')
			return true;
	}
}

static bool clause_holds(const struct clause *clause, const struct roster_entry *entry)
{
	const char *value = value_of(entry, clause->field, clause->field_length);
	size_t length = strlen(value);
	bool is_equal = length == clause->value_length && memcmp(value, clause->value, length) == 0;

	if (clause->operator== '~')
		return memmem(value, length, clause->value, clause->value_length) != NULL;
	return clause->operator== '=' ? is_equal : !is_equal;
}

static bool q_holds(const char *q, const struct roster_entry *entry)
{
	for (;;) {
		struct clause clause;
		size_t length = read_clause(&clause, q);

		if (!clause_holds(&clause, entry))
			return false;
		q += length;
		if (*q++ == '\0')
			return true;
	}
}

/* ------------------------------------------------------------------ all filters */

bool api_filter_read(struct api_filter *ret, const struct api_query *query, const char *default_age,
		     const struct agent_history *history, struct api_problem *problem)
{
	const char *status = api_query_get(query, "status");
	struct api_filter filter = {
		.name = api_query_get(query, "name"),
		.ip = api_query_get(query, "ip") ?: api_query_get(query, "registerIP"),
		.group = api_query_get(query, "group"),
		.search = api_query_get(query, "search"),
		.older_than = api_timeframe_parse(api_query_get(query, "older_than")
							  ?: default_age),
		.q = api_query_get(query, "q"),
		.history = history,
		.now = time(NULL),
	};

	if (status && !read_statuses(&filter, status, problem))
		return false;
	if (filter.q && !q_is_good(filter.q, problem))
		return false;
	if (filter.search && filter.search[0] == '-') {
		filter.search_is_negative = true;
		filter.search++;
	}
	/* Without them, no age is known. */
	(void)agent_history_stamps_read(&filter.stamps, history);
	*ret = filter;
	return true;
}

void api_filter_clear(struct api_filter *filter)
{
	agent_history_stamps_clear(&filter->stamps);
}

static bool is_in_group(const struct api_filter *filter, const struct roster_entry *entry)
{
	cleanup_free char *groups = malloc(AGENT_GROUPS_SIZE);

	return groups &&
	       agent_groups_read(groups, filter->history->queue, entry->id_text, NULL) >= 0 &&
	       agent_groups_have(groups, filter->group);
}

static bool is_found(const struct api_filter *filter, const struct roster_entry *entry)
{
	bool found = strcasestr(entry->id_text, filter->search) ||
		     strcasestr(entry->name, filter->search) ||
		     strcasestr(entry->ip, filter->search);

	return found != filter->search_is_negative;
}

bool api_filter_matches(const struct api_filter *filter, const struct roster_entry *entry)
{
	time_t seen;

	return (!filter->name || strcmp(entry->name, filter->name) == 0) &&
	       (!filter->ip || strcasecmp(entry->ip, filter->ip) == 0) &&
	       (!filter->q || q_holds(filter->q, entry)) &&
	       (!filter->search || is_found(filter, entry)) &&
	       (!filter->group || is_in_group(filter, entry)) &&
	       (filter->statuses == 0 || (filter->statuses & status_of(filter, entry, &seen))) &&
	       (filter->older_than <= 0 || api_filter_age(filter, entry) > filter->older_than);
}

/* ------------------------------------------------------------------ description */

bool api_field_exists(const char *name, size_t length)
{
	static const char *const fields[] = {
		"id",          "name",
		"ip",          "registerIP",
		"status",      "group",
		"dateAdd",     LAST_KEEP_ALIVE,
		"node_name",   "manager",
		"version",     "mergedSum",
		"configSum",   "group_config_status",
		"status_code", "disconnection_time",
		"os",          "os.arch",
		"os.build",    "os.codename",
		"os.major",    "os.minor",
		"os.name",     "os.platform",
		"os.uname",    "os.version",
	};

	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (strlen(fields[i]) == length && memcmp(fields[i], name, length) == 0)
			return true;
	return false;
}

static bool is_selected(const char *select, const char *field)
{
	return !select || agent_groups_have(select, field);
}

static void add_time(json_t *agent, const char *field, time_t when)
{
	char stamp[STAMP_SIZE];
	struct tm utc;

	if (gmtime_r(&when, &utc) &&
	    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S+00:00", &utc) > 0)
		(void)json_object_set_new(agent, field, json_string(stamp));
}

static void add_status(json_t *agent, const struct api_filter *filter,
		       const struct roster_entry *entry, const char *select)
{
	time_t seen;
	enum api_status status;

	if (!is_selected(select, "status") && !is_selected(select, LAST_KEEP_ALIVE))
		return;
	status = status_of(filter, entry, &seen);
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
		if (statuses[i].bits == (unsigned int)status && is_selected(select, "status"))
			(void)json_object_set_new(agent, "status", json_string(statuses[i].name));
	if ((status & (API_STATUS_ACTIVE | API_STATUS_DISCONNECTED)) &&
	    is_selected(select, LAST_KEEP_ALIVE))
		add_time(agent, LAST_KEEP_ALIVE, seen);
}

static void add_groups(json_t *agent, const struct api_filter *filter,
		       const struct roster_entry *entry)
{
	cleanup_free char *groups = malloc(AGENT_GROUPS_SIZE);
	char *rest = groups, *name;
	json_t *array;

	if (!groups ||
	    agent_groups_read(groups, filter->history->queue, entry->id_text, NULL) < 0 ||
	    groups[0] == '\0')
		return;
	array = json_array();
	while ((name = strsep(&rest, ",")))
		(void)json_array_append_new(array, json_string(name));
	(void)json_object_set_new(agent, "group", array);
}

json_t *api_describe_agent(const struct api_filter *filter, const struct roster_entry *entry,
			   const char *select)
{
	json_t *agent = json_object();
	time_t when;

	if (is_selected(select, "group"))
		add_groups(agent, filter, entry);
	if (is_selected(select, "ip"))
		(void)json_object_set_new(agent, "ip", json_string(entry->ip));
	if (is_selected(select, "registerIP"))
		(void)json_object_set_new(agent, "registerIP", json_string(entry->ip));
	if (is_selected(select, "dateAdd") &&
	    agent_history_stamps_find(&filter->stamps, entry, &when) >= 0)
		add_time(agent, "dateAdd", when);
	add_status(agent, filter, entry, select);
	if (is_selected(select, "name"))
		(void)json_object_set_new(agent, "name", json_string(entry->name));
	(void)json_object_set_new(agent, "id", json_string(entry->id_text));
	return agent;
}
