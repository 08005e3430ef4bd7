/* SPDX-License-Identifier: ISC */
/* A part of ossec-conf-edit.h: the manager of Wazuh 5. */
#pragma once

#include "client/agent-files/ossec-conf-editor.h"
#include "common/must-check.h"

/* Have the file name the first of the wanted managers. Returns as ossec_conf_editor_add(). */
int ossec_conf_endpoint_fit(struct ossec_conf_editor *editor) must_check;
