/* SPDX-License-Identifier: ISC */
/*
 * The rules by which a new agent takes the place of an old one that has its name or address: the
 * <force> block of Wazuh 4.3 and later. Times are in seconds.
 */
#pragma once

#include "common/authd-message.h"
#include "common/must-check.h"
#include "registrar/agents/history.h"
#include "registrar/agents/roster.h"

struct force_rules {
	/* who proves with its K field that it still has the old key is refused */
	bool key_mismatch;
	bool check_disconnected; /* only an agent that was never seen, or not for ... */
	unsigned int disconnected_time;
	/* only an agent that was registered this long ago; 0: any */
	unsigned int after_registration_time;
};

#define FORCE_RULES_WAZUH                                  \
	((struct force_rules){ .key_mismatch = true,       \
			       .check_disconnected = true, \
			       .disconnected_time = 3600,  \
			       .after_registration_time = 3600 })

/*
 * May this agent be replaced? If not, `why` is set, for the log. `key_hash` is what the client
 * sent, or has null text. What the history does not tell counts against replacing.
 */
bool force_allows(const struct force_rules *rules, const struct agent_history *history,
		  const struct roster *roster, const struct roster_entry *entry,
		  const struct authd_field *key_hash, struct reason *why) must_check;
