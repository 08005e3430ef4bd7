/* SPDX-License-Identifier: ISC */
/*
 * Variables of the agents' syntax: <var name="X">value</var> stands for $X in the values behind it,
 * in whatever case the names are written (src/os_xml/os_xml_variables.c of OSSEC and Wazuh). A name
 * in a value ends at "$", ".", "|", ",", a blank, or the end of the value; here also at ":" and
 * "/", for the sake of endpoints.
 *
 * No agent applies this to ossec.conf (agent-settings.h). Who has written such a file meant it
 * nevertheless, so what is taken from the file for a registration is what he meant; that the agent
 * does not understand it is told to him.
 */
#pragma once

#include "client/agent-files/agent-settings.h"
#include "common/must-check.h"

/*
 * Put what the file's variables say in the place of each $NAME in the servers and values that have
 * one; what no variable before it defines stays, and with it `by_variable`. There is a limit for
 * the file, so that who can write it cannot use up memory and time; -E2BIG, with `why` set, is what
 * exceeds it. Returns 0, -E2BIG or -ENOMEM; `settings` may have changed in part.
 */
int agent_settings_replace_variables(struct agent_settings *settings,
				     struct reason *why) must_check;
