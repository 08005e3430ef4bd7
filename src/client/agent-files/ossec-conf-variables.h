/* SPDX-License-Identifier: ISC */
/*
 * Variables of the agents' syntax: <var name="X">value</var> stands for $X in the values behind it,
 * in whatever case the names are written (src/os_xml/os_xml_variables.c of OSSEC and Wazuh). A name
 * in a value ends at "$", ".", "|", ",", a blank, or the end of the value. One that is not known
 * stays as it is here: in the files in which the agents apply this it would be an error, and
 * ossec.conf, where they do not, has many, in commands.
 */
#pragma once

#include "client/agent-files/ossec-conf.h"
#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The value of an item with its variables replaced, to be freed. `ret_replaced`: there were any.
 * Returns 0 or -ENOMEM.
 */
int ossec_conf_value(const struct ossec_conf *conf, size_t item, char **ret,
		     bool *ret_replaced) must_check;
