/* SPDX-License-Identifier: ISC */
/*
 * What the parts of ossec-conf-edit.h have in common: the file as it is, what is wanted, and where
 * the changes are collected. All functions that return an int return 0, or a negative errno with
 * `change.why` set.
 */
#pragma once

#include "client/agent-files/agent-settings.h"
#include "client/agent-files/ossec-conf-change.h"
#include "client/agent-files/ossec-conf-edit.h"
#include "common/must-check.h"

#include <stddef.h>

struct ossec_conf_editor {
	const struct ossec_conf_wish *wish;
	struct agent_settings settings; /* what the file says */
	struct ossec_conf_change change;
};

/* Returns -ENOMEM. */
int ossec_conf_editor_no_memory(const struct ossec_conf_editor *editor) must_check;

const struct ossec_conf_item *ossec_conf_editor_item(const struct ossec_conf_editor *editor,
						     size_t item);

/*
 * Refuse to change the element: its value is a $NAME, which the agents take as it stands in this
 * file, so changing the variable would not give them another value. Returns -EINVAL.
 */
int ossec_conf_editor_refuse_variable(const struct ossec_conf_editor *editor,
				      size_t item) must_check;

/* Markup with another level around it, to be freed; null: out of memory. */
char *ossec_conf_editor_wrap(const char *name, const char *markup) must_check;

/* Add markup at the end of the last <client> (Wazuh 5: <agent>), which is made if need be. */
int ossec_conf_editor_add(struct ossec_conf_editor *editor, const char *markup) must_check;
