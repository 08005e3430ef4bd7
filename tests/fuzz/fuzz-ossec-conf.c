/* SPDX-License-Identifier: ISC */
/*
 * The agent's ossec.conf. The first byte of the input says which agent it is for and what is
 * wanted. Whatever the parser takes lies where it says; a file that was changed says what it
 * should, says it still when it is changed again, and has all elements and comments of the old one
 * in their order.
 */
#include "fuzz.h"

#include "client/agent-files/agent-settings-variables.h"
#include "client/agent-files/agent-settings.h"
#include "client/agent-files/ossec-conf-edit.h"

static const struct agent_manager managers[] = {
	{ .host = "192.0.2.1" },
	{ .host = "m.example", .port = 11514 },
	{ .host = "2001:db8::3", .prefix = "a" },
};

static void check_items(const struct ossec_conf *conf, const char *text, size_t length)
{
	for (size_t i = 0; i < conf->count; i++) {
		const struct ossec_conf_item *item = &conf->items[i];
		size_t size = item->value_end - item->value_begin;

		HOLDS(item->begin < item->end && item->end <= length);
		HOLDS(item->begin < item->value_begin && item->value_begin <= item->value_end);
		HOLDS(item->value_end <= item->end);
		if (item->is_plain)
			HOLDS(strlen(item->value) == size &&
			      memcmp(text + item->value_begin, item->value, size) == 0);
		if (i > 0)
			HOLDS(item->begin > conf->items[i - 1].begin);
	}
}

/* Elements that a change may give another value or name, or remove. */
static bool may_change(const struct ossec_conf_item *item)
{
	static const char *const names[] = {
		"address", "agent_address", "agent_name", "enabled",         "endpoint",
		"groups",  "port",          "server-ip",  "server-hostname", "use_source_ip",
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(item->name, names[i]) == 0)
			return true;
	return false;
}

/* The text of an element that gets its first child is not its value any more. */
static bool is_same(const struct ossec_conf_item *new, const struct ossec_conf_item *old)
{
	return strcmp(new->name, old->name) == 0 && new->depth == old->depth &&
	       (new->has_children || strcmp(new->value, old->value) == 0);
}

/* Is everything of the old list in the new one, in its order? */
static bool has_all(const struct ossec_conf *new, const struct ossec_conf *old)
{
	size_t k = 0;

	for (size_t i = 0; i < old->count; i++) {
		const struct ossec_conf_item *item = &old->items[i];

		if (may_change(item))
			continue;
		while (k < new->count && !is_same(&new->items[k], item))
			k++;
		if (k++ >= new->count)
			return false;
	}
	return true;
}

static size_t count_comments(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i + 1 < length; i++)
		count += text[i] == '<' && text[i + 1] == '!';
	return count;
}

static void check_managers(const struct agent_settings *settings,
			   const struct ossec_conf_wish *wish)
{
	size_t wanted = wish->generation == AGENT_WAZUH_5 ? 1 : wish->manager_count;

	if (wish->set_manager == SET_MANAGER_YES)
		HOLDS(agent_settings_has_manager(settings));
	if (wish->set_manager != SET_MANAGER_FORCE)
		return;
	HOLDS(settings->server_count >= wanted);
	for (size_t i = 0; i < settings->server_count; i++)
		HOLDS(strcmp(settings->servers[i].host, wish->managers[i % wanted].host) == 0);
}

static void check_change(const struct agent_settings *old, const char *text, size_t length,
			 const char *old_text, size_t old_length,
			 const struct ossec_conf_wish *wish)
{
	struct agent_settings new;
	char *again;
	size_t again_length;

	HOLDS(text[length] == '\0');
	HOLDS(agent_settings_read(&new, text, length, wish->generation, NULL) == 0);
	check_managers(&new, wish);
	if (wish->own_enrollment == OWN_ENROLLMENT_OFF)
		HOLDS(!agent_settings_enrolls(&new));
	HOLDS(has_all(&new.syntax, &old->syntax));
	HOLDS(count_comments(text, length) >= count_comments(old_text, old_length));
	agent_settings_clear(&new);
	HOLDS(ossec_conf_edit(&again, &again_length, text, length, wish, NULL) == 0);
}

/* What is meant by variables has no other servers and values than the file, and is not without
 * end. */
static void check_variables(struct agent_settings *settings)
{
	size_t servers = settings->server_count;
	int r = agent_settings_replace_variables(settings, NULL);

	HOLDS(r == 0 || r == -E2BIG);
	HOLDS(settings->server_count == servers);
	for (size_t i = 0; r == 0 && i < servers; i++)
		HOLDS(settings->servers[i].is_placeholder ==
		      (settings->servers[i].by_variable ||
		       agent_server_is_placeholder(settings->servers[i].host)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t choice = size ? data[0] : 0;
	const char *text = size ? (const char *)data + 1 : "";
	size_t length = size ? size - 1 : 0, new_length;
	const struct ossec_conf_wish wish = {
		.generation = (enum agent_generation)(AGENT_OSSEC + choice % 4),
		.set_manager = (enum set_manager)(choice / 4 % 3),
		.own_enrollment = (enum own_enrollment)(choice / 12 % 3),
		.managers = &managers[choice / 36 % 2 ? 2 : 0],
		.manager_count = choice / 36 % 2 ? 1 : 2,
		.agent_name = "web-01",
		.groups = choice / 72 % 2 ? "web,linux" : NULL,
	};
	struct agent_settings settings;
	char *new;

	if (agent_settings_read(&settings, text, length, wish.generation, NULL) < 0) {
		HOLDS(ossec_conf_edit(&new, &new_length, text, length, &wish, NULL) < 0);
		return 0;
	}
	check_items(&settings.syntax, text, length);
	if (ossec_conf_edit(&new, &new_length, text, length, &wish, NULL) > 0) {
		check_change(&settings, new, new_length, text, length, &wish);
		free(new);
	}
	check_variables(&settings);
	agent_settings_clear(&settings);
	return 0;
}
