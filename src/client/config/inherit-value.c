/* SPDX-License-Identifier: ISC */
#include "client/config/inherit-value.h"

#include "client/config/types.h"
#include "common/cleanup.h"
#include "common/escape.h"

#include <string.h>

/* ------------------------------------------------------------------ what is wrong */

int inherit_note_problem(struct inheritance *in, bool is_needed, const struct reason *problem)
{
	struct config *config = in->config;

	if (config->agents_file.problem)
		return 0;
	config->agents_file.problem = strdup(problem->text);
	config->agents_file.is_needed = is_needed;
	return config->agents_file.problem
		       ? 0
		       : reason_errno(in->why, ENOMEM, "Cannot keep a problem of the agent's file");
}

const char *inherit_origin(const struct inheritance *in, size_t line,
			   char ret[static INHERIT_ORIGIN_SIZE])
{
	(void)snprintf(ret, INHERIT_ORIGIN_SIZE, "%s:%zu", in->settings->path, line);
	return ret;
}

int inherit_note_value(struct inheritance *in, size_t line, const char *element, const char *value,
		       const char *wrong, const char *remedy)
{
	char origin[INHERIT_ORIGIN_SIZE], shown[128] = "what is";
	struct reason problem;

	if (value)
		(void)snprintf(shown, sizeof shown, "'%s'",
			       escape_string((char[120]){ 0 }, 120, value));
	reason_set(&problem,
		   "%s: %s in <%s> %s: correct it there, or set %s in agent-register.conf",
		   inherit_origin(in, line, origin), shown, element, wrong, remedy);
	return inherit_note_problem(in, true, &problem);
}

/* ------------------------------------------------------------------ one value */

int inherit_value(struct inheritance *in, const void *target, const char *value, size_t line,
		  const char *element)
{
	const struct config_key *key = config_key_at(in->config, target);
	char origin[INHERIT_ORIGIN_SIZE];
	struct reason problem = { 0 }, whole;
	int r = config_set_inherited(in->config, key, value, inherit_origin(in, line, origin),
				     &problem);

	if (r == 0)
		return 0;
	if (r != -EINVAL)
		return reason_errno(in->why, r, "Cannot take <%s> of the agent's file", element);
	reason_set(&whole, "%s; it is in <%s>: correct it there, or set %s in agent-register.conf",
		   problem.text, element,
		   strcmp(key->section, "manager") == 0 ? "address" : key->name);
	return inherit_note_problem(in, true, &whole);
}

const struct agent_setting *inherit_find(const struct inheritance *in, enum agent_setting_key key)
{
	const struct agent_setting *setting = &in->settings->values[key];

	return setting->text && *setting->text ? setting : NULL;
}

int inherit_setting(struct inheritance *in, const void *target, enum agent_setting_key key)
{
	const struct agent_setting *setting = inherit_find(in, key);

	return setting ? inherit_value(in, target, setting->text, setting->line,
				       agent_setting_name(key))
		       : 0;
}

char *inherit_path(const struct inheritance *in, const char *text)
{
	char *path;

	if (asprintf(&path, "%s%s%s", text[0] == '/' ? "" : in->config->agent.directory,
		     text[0] == '/' ? "" : "/", text) >= 0)
		return path;
	(void)reason_errno(in->why, ENOMEM, "Cannot take a path of the agent's file");
	return NULL;
}

/* Messages and terminals show it. */
static bool is_plain(const char *path)
{
	for (; *path; path++)
		if (*path < 0x20 || *path > 0x7e)
			return false;
	return true;
}

int inherit_path_setting(struct inheritance *in, const void *target, enum agent_setting_key key)
{
	const struct agent_setting *setting = inherit_find(in, key);
	const struct config_key *config_key = config_key_at(in->config, target);
	const char *element = agent_setting_name(key);
	cleanup_free char *path = setting ? inherit_path(in, setting->text) : NULL;

	if (!setting)
		return 0;
	if (!path)
		return -ENOMEM;
	if (is_plain(path))
		return inherit_value(in, target, path, setting->line, element);
	return inherit_note_value(in, setting->line, element,
				  config_key->type->may_hold_secrets ? NULL : setting->text,
				  "is not a path of printable ASCII characters", config_key->name);
}
