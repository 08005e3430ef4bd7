/* SPDX-License-Identifier: ISC */
#include "client/agent-files/ossec-conf-enrollment.h"

#include "common/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add_to_enrollment(struct ossec_conf_editor *editor, const char *markup)
{
	cleanup_free char *block = NULL;

	if (editor->settings.enrollment != OSSEC_CONF_NONE)
		return ossec_conf_change_add_into(&editor->change, editor->settings.enrollment,
						  markup);
	block = ossec_conf_editor_wrap("enrollment", markup);
	return block ? ossec_conf_editor_add(editor, block) : ossec_conf_editor_no_memory(editor);
}

/* Have the last element of that name say it; null: have none. */
static int fit_setting(struct ossec_conf_editor *editor, enum agent_setting_key key,
		       const char *value)
{
	const struct agent_setting *setting = &editor->settings.values[key];
	const char *name = agent_setting_name(key);
	cleanup_free char *markup = NULL;

	if (!value)
		return setting->text ? ossec_conf_change_remove(&editor->change, setting->item) : 0;
	if (setting->text && strcmp(setting->text, value) == 0)
		return 0;
	if (setting->text)
		return setting->by_variable
			       ? ossec_conf_editor_refuse_variable(editor, setting->item)
			       : ossec_conf_change_value(&editor->change, setting->item, value);
	if (asprintf(&markup, "<%s>%s</%s>", name, value, name) < 0) {
		markup = NULL;
		return ossec_conf_editor_no_memory(editor);
	}
	return add_to_enrollment(editor, markup);
}

/* One after the other: the first of them may have to make the block. */
static int fit_identity(struct ossec_conf_editor *editor)
{
	const struct ossec_conf_wish *wish = editor->wish;
	const char *source = wish->use_source_ip                                            ? "yes"
			     : editor->settings.values[AGENT_ENROLLMENT_USE_SOURCE_IP].text ? "no"
											    : NULL;
	const struct {
		enum agent_setting_key key;
		const char *value;
	} rows[] = {
		{ AGENT_ENROLLMENT_AGENT_NAME, wish->agent_name },
		{ AGENT_ENROLLMENT_GROUPS, wish->groups },
		{ AGENT_ENROLLMENT_AGENT_ADDRESS, wish->agent_address },
		{ AGENT_ENROLLMENT_USE_SOURCE_IP, source },
	};
	int r = 0;

	for (size_t i = 0;
	     r == 0 && editor->change.patches.count == 0 && i < sizeof rows / sizeof rows[0]; i++)
		r = fit_setting(editor, rows[i].key, rows[i].value);
	return r;
}

static int forget_identity(struct ossec_conf_editor *editor)
{
	int r = fit_setting(editor, AGENT_ENROLLMENT_AGENT_NAME, NULL);

	return r == 0 ? fit_setting(editor, AGENT_ENROLLMENT_AGENT_ADDRESS, NULL) : r;
}

int ossec_conf_enrollment_fit(struct ossec_conf_editor *editor)
{
	if (!agent_generation_enrolls(editor->wish->generation))
		return 0;
	switch (editor->wish->own_enrollment) {
	case OWN_ENROLLMENT_OFF:
		return fit_setting(editor, AGENT_ENROLLMENT_ENABLED, "no");
	case OWN_ENROLLMENT_SAME:
		return fit_identity(editor);
	case OWN_ENROLLMENT_FORGET:
		return forget_identity(editor);
	default:
		return 0;
	}
}
