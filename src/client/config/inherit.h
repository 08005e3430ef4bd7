/* SPDX-License-Identifier: ISC */
/*
 * The lowest layer of the configuration: what the agent's own etc/ossec.conf says, in groups, each
 * of which is ours or the agent's, and never a mixture:
 * - the manager: address, port, method, prefix and client certificate. Ours if ours has an address,
 *   a token that names the manager, or a key to import. Otherwise manager_address of <enrollment>,
 *   then the servers in their order, with the port of <enrollment>; the endpoint of Wazuh 5 means
 *   method enroll, everything else authd.
 * - the name: agent_name, groups, and agent_address or use_source_ip. Ours if ours has one of them.
 * - the client certificate. Ours if ours has one, or the manager is.
 * - the password: authorization_pass_path, if that file is there. Ours if ours has one.
 * - the CA: only if ours says ca_file = inherit. Trust is never taken unasked, because the agent's
 *   group may write the file; neither are ciphers.
 */
#pragma once

#include "client/config/config.h"
#include "common/must-check.h"

/*
 * Take from the agent's file what everything before, files, credentials and options, has left out;
 * nothing if that set no key at all, or says inherit = no. A file that is not there says nothing.
 * What is wrong with the file or a value is kept in config->agents_file, for config_check(),
 * because most commands need neither. Returns 0, or a negative errno with `why` set when this
 * machine is too short of memory or descriptors to look.
 */
int config_inherit(struct config *config, struct reason *why) must_check;
