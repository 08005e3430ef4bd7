/* SPDX-License-Identifier: ISC */
/*
 * The agent's message counters, queue/rids/: "sender_counter" (OSSEC) or "sender" for what it
 * sends, and one named after the id of the peer for what it receives. They belong to a key: with
 * those of an earlier life of the same id, an agent that is given the id again drops what its
 * manager sends, as a repetition ("Duplicated counter", OSSEC's error 1407).
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"

/*
 * Remove all counters of the agent in `directory` (/var/ossec). No counters, or no place for them,
 * is fine; links are not followed, and subdirectories are left alone. Returns 0, or a negative
 * errno with `why` set.
 */
int counters_remove(const char *directory, struct reason *why) must_check;
