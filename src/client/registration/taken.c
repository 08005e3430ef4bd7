/* SPDX-License-Identifier: ISC */
#include "client/registration/taken.h"

#include "client/registration/report.h"
#include "client/system/identity.h"
#include "client/system/message-ids.h"
#include "common/setting-words.h"

#include <string.h>

#define HINT_SIZE 512

/* ------------------------------------------------------------------ whose entry it is */

/* Is the agent of the key on the disk the one that has the name or the address? */
static bool is_own_entry(const struct registration *run, enum refusal_subject subject)
{
	const struct agent_key *old = &run->key.old;

	if (run->key.found != KEYSTORE_KEY || run->key.is_clone)
		return false;
	return subject == REFUSED_ADDRESS ? strcmp(old->ip, "any") != 0
					  : strcmp(old->name, run->request.name) == 0;
}

/* OSSEC says "Invalid IP address: ID" with the ID of the agent that has the address; 0: no ID. */
static int id_in_message(const struct reason *why, char ret[AGENT_ID_MAX + 1])
{
	static const char before[] = "Invalid IP address: ";
	char message[REASON_MESSAGE_SIZE];
	const char *id = message + strlen(before);
	size_t digits;

	reason_manager_message(why, message);
	if (strncmp(message, before, strlen(before)) != 0)
		return 0;
	digits = strspn(id, "0123456789");
	if (digits == 0 || digits > AGENT_ID_MAX || (id[digits] != '\0' && id[digits] != '.'))
		return 0;
	memcpy(ret, id, digits);
	ret[digits] = '\0';
	return 1;
}

/* ------------------------------------------------------------------ what helps */

/* With the hash of a key that is still valid, managers of Wazuh never replace its agent. */
static void hint_own_entry(const struct registration *run, char *ret)
{
	(void)snprintf(ret, HINT_SIZE,
		       "if this machine's key is still valid there, "
		       "waiting does not help, because the manager keeps its agent "
		       "(key_mismatch in <force> of its <auth>): remove the agent there "
		       "(manage_agents -r %s), or set key_mismatch to no there "
		       "and wait until disconnected_time and after_registration_time have passed",
		       run->key.old.id);
}

/* Of the method enroll, which sends no hash. */
static void hint_own_name(const struct registration *run, char *ret)
{
	(void)snprintf(
		ret, HINT_SIZE,
		"this machine's own entry (id %s) has it: remove that on the manager "
		"(DELETE /agents of its API), "
		"wait until the manager allows replacing it (an hour after its last connection), "
		"or, to remain that agent, move %s away and run without --force, "
		"which uses its re-enrollment secret",
		run->key.old.id, run->files.store.path);
}

static void hint_name(const struct registration *run, char *ret)
{
	const char *other_name = setting_words("set another name in [agent]");

	if (run->key.is_clone)
		(void)snprintf(ret, HINT_SIZE,
			       "it belongs to the machine that this one is a copy of: %s",
			       other_name);
	else if (run->config->manager.method != METHOD_API)
		(void)snprintf(ret, HINT_SIZE,
			       "remove the old agent on the manager, "
			       "wait until the manager allows replacing it (Wazuh: an hour), or %s",
			       other_name);
	else if (run->config->identity.on_duplicate == DUPLICATE_REPLACE)
		(void)snprintf(ret, HINT_SIZE,
			       "it is replaced (on_duplicate) once it is no longer connected; "
			       "or remove the old agent on the manager, or %s",
			       other_name);
	else
		(void)snprintf(ret, HINT_SIZE,
			       "the API replaces no agent by itself, however long one waits: "
			       "remove the old agent on the manager, "
			       "set on_duplicate = replace in [identity], or %s",
			       other_name);
}

static void hint_address(const struct registration *run, const struct reason *why, char *ret)
{
	const char *ip = run->config->agent.ip;
	char id[AGENT_ID_MAX + 1];

	if (id_in_message(why, id))
		(void)snprintf(ret, HINT_SIZE,
			       "the agent with the ID %s has this machine's address, "
			       "so another name does not help: remove that agent on the manager "
			       "(manage_agents -r %s)",
			       id, id);
	else
		(void)snprintf(
			ret, HINT_SIZE,
			"another agent has the address, so another name does not help: "
			"remove that agent on the manager%s, or %s",
			run->config->manager.method == METHOD_API
				? ""
				: ", wait until the manager allows replacing it (Wazuh: an hour)",
			ip && strcmp(ip, "any") != 0 && strcmp(ip, "src") != 0
				? setting_words("correct ip in [agent]")
				: setting_words("set ip = any in [agent]"));
}

void taken_explain(const struct registration *run, enum refusal_subject subject,
		   bool had_lost_request, struct reason *why)
{
	const enum method_kind method = run->config->manager.method;
	bool is_own = is_own_entry(run, subject);
	bool keeps = method == METHOD_AUTHD && run->key.old_hash[0] && is_own;
	char hint[HINT_SIZE];

	if (subject == REFUSED_ID)
		(void)snprintf(hint, sizeof hint,
			       "the manager chose an ID that is in use; "
			       "see its log and its client.keys");
	else if (keeps)
		hint_own_entry(run, hint);
	else if (method == METHOD_ENROLL && is_own && subject == REFUSED_NAME)
		hint_own_name(run, hint);
	else if (subject == REFUSED_ADDRESS)
		hint_address(run, why, hint);
	else
		hint_name(run, hint);
	reason_append(why, " -- %s%s", hint,
		      had_lost_request ? "; it is probably this machine's own: "
					 "the answer to its request was lost"
				       : "");
}

/* ------------------------------------------------------------------ another name */

bool taken_add_suffix(struct registration *run, enum refusal_subject subject,
		      const struct reason *why)
{
	char taken[AGENT_NAME_MAX + 1];

	if (run->config->identity.on_duplicate != DUPLICATE_SUFFIX || run->request.is_suffixed ||
	    subject == REFUSED_ADDRESS || subject == REFUSED_ID)
		return false;
	memcpy(taken, run->request.name, sizeof taken);
	if (identity_suffixed_name(run->request.name, taken) < 0)
		return false;
	run->request.is_suffixed = true;
	log_event(LOG_NOTICE, MESSAGE_DUPLICATE, report_fields(run, NULL, OUTCOME_DUPLICATE),
		  "%s; requesting a key as %s instead", why->text, run->request.name);
	return true;
}
