/* SPDX-License-Identifier: ISC */
#include "client/conversation/conversation-result.h"

#include "client/config/name-template.h"
#include "client/conversation/secrets.h"
#include "common/shortage.h"

#include <errno.h>
#include <string.h>

/* Managers may give another name, which is stored and logged: one of our secrets is none. */
static bool is_secret_as_name(const struct attempt *attempt, const char *name)
{
	size_t own = strlen(attempt->agent.name);

	if (strncmp(name, attempt->agent.name, own) == 0)
		name += own; /* whatever that has, it is known */
	return secrets_are_in(name, attempt, NULL);
}

/* A key, and whose it is; a CA for the agent. */
static int check_key(struct conversation *conversation)
{
	const struct attempt *attempt = conversation->child.attempt;
	const struct method *method = conversation->child.method;
	const struct wire_result *result = &conversation->result;
	int r = 0;

	if (!result->key.id[0])
		return conversation_not_believed(conversation, "registered without a key");
	if (attempt->naming.needs && !conversation->is_named)
		return conversation_not_believed(conversation, "registered without a name");
	if (method->keeps_name && strcmp(result->key.name, attempt->agent.name) != 0)
		return conversation_not_believed(conversation, "sent the key of another agent");
	if (is_secret_as_name(attempt, result->key.name))
		return conversation_not_believed(conversation, "sent one of our secrets as a name");
	if (method->check_anchor)
		r = method->check_anchor(attempt, result->report.anchor);
	if (is_shortage(r))
		return reason_errno(&conversation->why, r, "Cannot check the manager's CA");
	return r < 0 ? conversation_not_believed(conversation,
						 "sent a CA that is not the expected one")
		     : OUTCOME_OK;
}

/* New CA certificates for an agent that has its key. */
static int check_trust(struct conversation *conversation)
{
	const struct child *child = &conversation->child;
	int r = child->method->check_renewed(child->attempt, conversation->result.report.anchor);

	if (is_shortage(r))
		return reason_errno(&conversation->why, r, "Cannot check the manager's CA");
	return r < 0 ? conversation_not_believed(conversation,
						 "sent CA certificates that it cannot have")
		     : OUTCOME_OK;
}

/* Is it possible that this machine has no name yet? */
static bool waits_for_fqdn(const struct conversation *conversation)
{
	return !conversation->is_named &&
	       (conversation->child.attempt->naming.needs & NAME_NEEDS_FQDN);
}

/* What each message cannot be checked for by itself. */
int conversation_check_result(struct conversation *conversation)
{
	enum child_task task = conversation->child.task;
	const struct wire_result *result = &conversation->result;

	if (result->outcome == -ECANCELED)
		return conversation_not_believed(conversation,
						 "stopped without having been asked to");
	if (result->outcome == OUTCOME_NOT_READY && !waits_for_fqdn(conversation))
		return conversation_not_believed(conversation,
						 "looked for a name that nobody asked for");
	if (result->removed && task != CHILD_DEREGISTERS)
		return conversation_not_believed(conversation, "removed an agent");
	if (task == CHILD_REGISTERS && result->outcome == OUTCOME_REGISTERED)
		return check_key(conversation);
	if (result->key.id[0])
		return conversation_not_believed(conversation, "sent a key that nobody asked for");
	if (task == CHILD_RENEWS_TRUST && result->outcome == OUTCOME_OK)
		return check_trust(conversation);
	return result->report.anchor
		       ? conversation_not_believed(conversation, "sent a CA without a key")
		       : OUTCOME_OK;
}

void conversation_hide_secrets(struct conversation *conversation)
{
	struct wire_result *result = &conversation->result;
	struct reason *const texts[] = { &result->report.why, &result->report.warning };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (secrets_are_in(texts[i]->text, conversation->child.attempt, result)) {
			*texts[i] = (struct reason){ 0 };
			reason_set(texts[i], "%s", SECRETS_HIDDEN);
		}
	if (secrets_are_in(result->report.missing_groups, conversation->child.attempt, result))
		result->report.missing_groups[0] = '\0';
}
