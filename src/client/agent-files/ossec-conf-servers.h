/* SPDX-License-Identifier: ISC */
/* A part of ossec-conf-edit.h: the managers of OSSEC and of Wazuh up to 4. */
#pragma once

#include "client/agent-files/ossec-conf-editor.h"
#include "common/must-check.h"

/* Have the file name the wanted managers, at least one. Returns as ossec_conf_editor_add(). */
int ossec_conf_servers_fit(struct ossec_conf_editor *editor) must_check;

/* The same for one place where a manager stands, also with Wazuh 5. */
int ossec_conf_servers_fit_one(struct ossec_conf_editor *editor, const struct agent_server *server,
			       const struct agent_manager *manager) must_check;
