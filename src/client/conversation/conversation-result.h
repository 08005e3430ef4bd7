/* SPDX-License-Identifier: ISC */
/* The result of a conversation: what the form of a message (wire.h) does not rule out. */
#pragma once

#include "client/conversation/conversation-child.h"
#include "common/must-check.h"

/*
 * Is that what the child can have to say? Returns OUTCOME_OK, what conversation_not_believed()
 * does, or a negative errno with the conversation's reason set.
 */
int conversation_check_result(struct conversation *conversation) must_check;

/* Take out the texts in which one of our secrets is. */
void conversation_hide_secrets(struct conversation *conversation);
