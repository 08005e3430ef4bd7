/* SPDX-License-Identifier: ISC */
/*
 * A key as it is transferred manually from a manager to an agent: the base64 that "manage_agents
 * -e" prints (of the whole line "ID NAME IP KEY", without its newline: Wazuh 4.14.5 and OSSEC 4.2,
 * src/addagent/manage_keys.c), or a line of client.keys. Common artefacts of copying are accepted:
 * blanks, carriage returns, quotes, a byte order mark, line breaks within the base64 text, and the
 * text that manage_agents prints around it; and so is the JSON of Wazuh's API ("key") and of
 * manage_agents -j ("data"). Text that may be truncated is rejected. Pure.
 */
#pragma once

#include "common/agent-key.h"
#include "common/base64.h"
#include "common/must-check.h"
#include "common/reason.h"

#define EXPORTED_KEY_MAX 16384 /* bytes of text: one key with surrounding text */
#define EXPORTED_KEY_SIZE BASE64_SIZE(AGENT_LINE_SIZE) /* with the terminator */

/*
 * Find the key of one agent in `length` bytes (at most EXPORTED_KEY_MAX). Returns 0 with `ret`
 * written; or -EINVAL with `why` set to the problem, to be appended to the name of the source
 * ("contains no key: ..."). `why` never contains any part of a key.
 */
int exported_key_parse(struct agent_key *ret, const char *text, size_t length,
		       struct reason *why) must_check;

/*
 * Write a key as "manage_agents -e" prints it, without a newline. Returns the length. The text is
 * as secret as the key: wipe it.
 */
size_t exported_key_format(char ret[static EXPORTED_KEY_SIZE], const struct agent_key *key);
