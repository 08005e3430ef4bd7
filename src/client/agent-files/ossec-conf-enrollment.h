/* SPDX-License-Identifier: ISC */
/* A part of ossec-conf-edit.h: whether and as what the agent enrolls by itself. */
#pragma once

#include "client/agent-files/ossec-conf-editor.h"
#include "common/must-check.h"

/* For agents that do not enroll, nothing is done. Returns as ossec_conf_editor_add(). */
int ossec_conf_enrollment_fit(struct ossec_conf_editor *editor) must_check;
