/* SPDX-License-Identifier: ISC */
/*
 * The agent's ossec.conf. The first byte of the input says which agent it is for and what is
 * wanted. Whatever the parser takes lies where it says; a file that was changed says what it
 * should, says it still when it is changed again, has all elements and comments of the old one in
 * their order, outside of the blocks that are for managers each byte of the old one and no other,
 * and within them each byte of what is not to be changed.
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

/* A part of a text: ranges of it are left out. `is_beside[i]`: one is before the byte i. */
struct rest {
	char *bytes;
	bool *is_beside; /* one more than bytes */
	size_t length;
};

typedef bool item_filter(const struct ossec_conf_item *item);

/* All but the elements that the filter is true for. */
static struct rest rest_of(const struct ossec_conf *conf, const char *text, size_t length,
			   item_filter *is_left_out)
{
	struct rest rest = { malloc(length + 1), calloc(length + 1, sizeof(bool)), 0 };
	size_t item = 0, at = 0;

	HOLDS(rest.bytes && rest.is_beside);
	while (at < length) {
		while (item < conf->count &&
		       (conf->items[item].begin < at || !is_left_out(&conf->items[item])))
			item++;
		if (item < conf->count && conf->items[item].begin == at) {
			at = conf->items[item].end;
			rest.is_beside[rest.length] = true;
		} else {
			rest.bytes[rest.length++] = text[at++];
		}
	}
	return rest;
}

static void free_rest(struct rest *rest)
{
	free(rest->bytes);
	free(rest->is_beside);
}

static bool is_blank_at(const struct rest *rest, size_t at)
{
	return at < rest->length && strchr(" \t\r\n", rest->bytes[at]) && rest->bytes[at];
}

/* The length of the blanks there; `ret_is_beside`: something is left out before, in or after. */
static size_t blanks_at(const struct rest *rest, size_t at, bool *ret_is_beside)
{
	size_t length = 0;

	*ret_is_beside |= rest->is_beside[at];
	while (is_blank_at(rest, at + length))
		*ret_is_beside |= rest->is_beside[at + ++length];
	return length;
}

/* The same bytes, but for blanks beside what is left out. */
static bool is_same_rest(const struct rest *new, const struct rest *old)
{
	size_t i = 0, k = 0;

	for (;;) {
		bool is_beside = false;
		size_t in_new = blanks_at(new, i, &is_beside),
		       in_old = blanks_at(old, k, &is_beside);

		if (!is_beside &&
		    (in_new != in_old || memcmp(new->bytes + i, old->bytes + k, in_new) != 0))
			return false;
		i += in_new;
		k += in_old;
		if (i == new->length || k == old->length)
			return i == new->length &&k == old->length;
		if (new->bytes[i++] != old->bytes[k++])
			return false;
	}
}

/* Where all that is wanted belongs. */
static bool is_block(const struct ossec_conf_item *item)
{
	return item->kind == OSSEC_CONF_ELEMENT && item->depth == 1 &&
	       (strcmp(item->name, "client") == 0 || strcmp(item->name, "agent") == 0);
}

/* <ossec_config/> becomes a root with two tags. */
static bool has_empty_root(const struct ossec_conf *conf)
{
	for (size_t i = 0; i < conf->count; i++)
		if (conf->items[i].depth == 0 && conf->items[i].is_empty_tag)
			return true;
	return false;
}

/* An empty root or block, which gets something into it. */
static bool is_opened(const struct ossec_conf_item *item)
{
	return item->is_empty_tag && (item->depth == 0 || is_block(item) ||
				      (item->depth == 2 && strcmp(item->name, "enrollment") == 0));
}

static bool is_value(const struct ossec_conf_item *item)
{
	return item->kind == OSSEC_CONF_ELEMENT && (may_change(item) || is_opened(item));
}

/* Is all that must not change there, in its order? Not looked at: blanks beside what may. */
static bool has_bytes(const char *text, size_t length, const struct rest *rest)
{
	size_t at = 0;

	for (size_t i = 0; i < rest->length;) {
		bool is_beside = false;
		size_t blanks = blanks_at(rest, i, &is_beside);
		size_t count = blanks ? blanks : 1;

		for (size_t k = i; k < i + count && !(blanks && is_beside); k++) {
			while (at < length && text[at] != rest->bytes[k])
				at++;
			if (at++ >= length)
				return false;
		}
		i += count;
	}
	return true;
}

static void check_bytes(const struct ossec_conf *new, const char *text, size_t length,
			const struct ossec_conf *old, const char *old_text, size_t old_length)
{
	struct rest outside = rest_of(new, text, length, is_block);
	struct rest old_outside = rest_of(old, old_text, old_length, is_block);
	struct rest kept = rest_of(old, old_text, old_length, is_value);

	HOLDS(has_empty_root(old) || is_same_rest(&outside, &old_outside));
	HOLDS(has_bytes(text, length, &kept));
	free_rest(&outside);
	free_rest(&old_outside);
	free_rest(&kept);
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
	check_bytes(&new.syntax, text, length, &old->syntax, old_text, old_length);
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
