/* SPDX-License-Identifier: ISC */
/*
 * A key as people carry it from a manager to an agent: the base64 that "manage_agents -e" prints
 * (of the whole line "ID NAME IP KEY", without its newline: Wazuh 4.14.5 and OSSEC 4.2,
 * src/addagent/manage_keys.c), or a line of client.keys. Around it may stand what copying adds:
 * blanks, carriage returns, a byte order mark, base64 broken over lines, and the words that
 * manage_agents puts there. What may be the beginning of something longer is refused. Pure.
 */
#pragma once

#include "common/agent-key.h"
#include "common/base64.h"
#include "common/reason.h"

#define EXPORTED_KEY_MAX 16384 /* bytes of text; one key with much around it */
#define EXPORTED_KEY_SIZE BASE64_SIZE(AGENT_LINE_SIZE) /* with the terminator */

/*
 * Find the key of one agent in `length` bytes (at most EXPORTED_KEY_MAX). Returns 0 with `ret`
 * written; or -EINVAL with `why` set to what is wrong, to stand behind the name of where the text
 * came from ("holds no key: ..."). Never shows any part of a key.
 */
int exported_key_parse(struct agent_key *ret, const char *text, size_t length, struct reason *why);

/*
 * Write a key as "manage_agents -e" prints it, without a newline. Returns the length. The text is
 * as secret as the key: wipe it.
 */
size_t exported_key_format(char ret[static EXPORTED_KEY_SIZE], const struct agent_key *key);
