/* SPDX-License-Identifier: ISC */
/* The command `config`: the configuration in effect, and where each value is from. */
#include "client/commands/options.h"
#include "common/json-text.h"

#include "client/config/types.h"
#include "client/registration/policy.h"
#include "common/escape.h"
#include "common/log.h"
#include "common/terminal.h"

#include <limits.h>
#include <string.h>

#define LINE_MAX_LENGTH 199 /* bytes; what agent-register.conf(5) allows */
#define SOURCE_COLUMN 40
#define SOURCE_SIZE (4 * PATH_MAX) /* escaped */

/* One value of a key; of a list, one of its items. */
struct shown_value {
	const struct config_key *key;
	const char *text;   /* as the file has it; null: not set */
	const char *origin; /* null: the default */
	char buffer[CONFIG_TEXT_SIZE];
};

/* A user is sometimes given with the password, as for curl, which config_check() refuses. */
static const char *mask_password(const char *text, char buffer[static CONFIG_TEXT_SIZE])
{
	const char *colon = strchr(text, ':');
	int length = colon ? (int)(colon - text) : 0;

	if (!colon)
		return text;
	(void)snprintf(buffer, CONFIG_TEXT_SIZE, "%.*s:***", length < 64 ? length : 64, text);
	return buffer;
}

/* False behind the last item of a list. A value that is not set is one without a text. */
static bool get_value(struct shown_value *ret, const struct config *config,
		      const struct config_key *key, size_t item)
{
	const void *target = (const char *)config + key->offset;

	ret->key = key;
	ret->origin = config_origin(config, key, item);
	ret->text = key->type->text(target, item, key->type, ret->buffer);
	if (ret->text && !ret->origin) /* in the words of the manual */
		ret->text = key->default_text;
	if (ret->text && key->offset == offsetof(struct config, auth.api_user))
		ret->text = mask_password(ret->text, ret->buffer);
	return item == 0 || (key->type->is_list && ret->text);
}

/* ------------------------------------------------------------------ as a file */

static const char *source_of(const struct shown_value *value, const struct config *config,
			     char buffer[static SOURCE_SIZE])
{
	if (value->origin)
		return escape_string(buffer, SOURCE_SIZE, value->origin);
	if (value->text)
		return "default";
	if (value->key->offset != offsetof(struct config, manager.port))
		return "not set";
	(void)snprintf(buffer, SOURCE_SIZE, "not set: %u for method %s",
		       (unsigned int)config_default_port(config),
		       config_methods[config->manager.method]);
	return buffer;
}

/* What a terminal shows as one line, or else what a file may have in one. */
static size_t line_length(void)
{
	size_t width = terminal_stdout()->width;

	return width > 0 && width < LINE_MAX_LENGTH ? width : LINE_MAX_LENGTH;
}

/*
 * What nobody has set is a comment, as in the shipped file: set, it would have other consequences,
 * such as a name that is not taken from the agent's file, or a budget for runs by hand. Where a
 * line would get too long, the source is on a line of its own before it.
 */
static void print_value(const struct shown_value *value, const struct config *config)
{
	char buffer[SOURCE_SIZE];
	const char *source = source_of(value, config, buffer), *text = value->text ?: "";
	const char *mark = value->origin ? "" : "#";
	size_t most = line_length();
	size_t length = strlen(mark) + strlen(value->key->name) + strlen(" = ") + strlen(text);
	int gap = length < SOURCE_COLUMN ? (int)(SOURCE_COLUMN - length) : 0;

	if (length + (size_t)gap + strlen(" ; ") + strlen(source) <= most)
		printf("%s%s = %s%*s ; %s\n", mark, value->key->name, text, gap, "", source);
	else
		printf("; %.*s:\n%s%s = %s\n", LINE_MAX_LENGTH - 3, source, mark, value->key->name,
		       text);
}

static void print_config(const struct config *config)
{
	const char *section = NULL;

	for (const struct config_key *key = config_keys; key->section; key++) {
		struct shown_value value;

		if (!section || strcmp(section, key->section) != 0)
			printf("%s[%s]\n", section ? "\n" : "", key->section);
		section = key->section;
		for (size_t i = 0; get_value(&value, config, key, i); i++)
			print_value(&value, config);
	}
}

/* ------------------------------------------------------------------ for programs */

static void json_value(const struct shown_value *value)
{
	const struct config_type *type = value->key->type;

	if (type == &config_bool)
		printf("%s", strcmp(value->text, "yes") == 0 ? "true" : "false");
	else if (type == &config_port && value->text)
		printf("%s", value->text);
	else
		print_json_text(value->text);
}

/* A list is an array of values, and an array of as many sources. */
static void json_list(const struct config *config, const struct config_key *key)
{
	struct shown_value value;

	printf("{\"value\":[");
	for (size_t i = 0; get_value(&value, config, key, i) && value.text; i++) {
		printf("%s", i ? "," : "");
		print_json_text(value.text);
	}
	printf("],\"source\":[");
	for (size_t i = 0; get_value(&value, config, key, i) && value.text; i++) {
		printf("%s", i ? "," : "");
		print_json_text(value.origin);
	}
	printf("]}");
}

static void json_key(const struct config *config, const struct config_key *key)
{
	struct shown_value value;

	printf("\"%s\":", key->name);
	if (key->type->is_list) {
		json_list(config, key);
	} else if (get_value(&value, config, key, 0)) {
		printf("{\"value\":");
		json_value(&value);
		printf(",");
		print_json_member("source", value.origin);
		printf("}");
	}
}

/* The schema is in agent-register(8) and stable: members are added, never changed. */
static void json_config(const struct config *config, const char *problem)
{
	const char *section = NULL;

	printf("{\"valid\":%s,", problem ? "false" : "true");
	print_json_member("problem", problem);
	printf(",\"configured\":%s,\"settings\":{", config_has_work(config) ? "true" : "false");
	for (const struct config_key *key = config_keys; key->section; key++) {
		if (section && strcmp(section, key->section) == 0)
			printf(",");
		else
			printf("%s\"%s\":{", section ? "}," : "", key->section);
		section = key->section;
		json_key(config, key);
	}
	printf("}}}\n");
}

/* ------------------------------------------------------------------ the command */

int command_config(struct program *program)
{
	const struct config *config = &program->config;
	struct reason why = { 0 };
	int r = config_has_work(config) ? config_check(config, &why) : 0;

	if (program->options->json)
		json_config(config, r < 0 ? why.text : NULL);
	else
		print_config(config);
	if (r == 0)
		return 0;
	log_error("%s", why.text);
	return outcome_exit_code(outcome_unless_short(OUTCOME_MISCONFIGURED, r));
}
