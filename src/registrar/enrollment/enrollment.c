/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/enrollment.h"

#include "common/hex.h"
#include "common/random-bytes.h"
#include "registrar/enrollment/address.h"
#include "registrar/enrollment/group-rules.h"
#include "registrar/enrollment/request-rules.h"
#include "registrar/enrollment/tombstone.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OSSEC_FIRST_ID 1024u
/* of a renamed duplicate; the 256th registration of a name is refused */
#define OSSEC_LAST_SUFFIX 255

struct decision {
	struct enrollment *enrollment;
	struct roster *roster;
	const struct enrollment_policy *policy;
	const struct enrollment_request *request;
	const struct roster_entry *to_replace[ENROLLMENT_REPLACED_MAX];
	size_t leaving; /* of those, each once */
};

/* Returns false, for `return refuse(...)`. */
__attribute__((format(printf, 3, 4))) static bool refuse(struct decision *decision,
							 enum registration_fault fault,
							 const char *format, ...)
{
	va_list arguments;

	decision->enrollment->fault = fault;
	va_start(arguments, format);
	(void)vsnprintf(decision->enrollment->refusal, REFUSAL_SIZE, format, arguments);
	va_end(arguments);
	return false;
}

static void fail(struct enrollment *enrollment, const char *name, size_t length,
		 const struct reason *why)
{
	enrollment->accepted = false;
	enrollment->fault = REGISTRATION_INTERNAL;
	enrollment->why = *why;
	(void)snprintf(enrollment->refusal, sizeof enrollment->refusal,
		       "Internal manager error adding agent: %.*s", (int)length, name);
}

static void begin(struct enrollment *ret, const struct authd_request_fields *fields)
{
	*ret = (struct enrollment){ 0 };
	(void)snprintf(ret->asked_name, sizeof ret->asked_name, "%.*s", (int)fields->name.length,
		       fields->name.text ?: "");
}

void enrollment_refuse(struct enrollment *ret, const struct authd_request_fields *fields,
		       enum registration_fault fault, const char *text)
{
	begin(ret, fields);
	ret->fault = fault;
	(void)snprintf(ret->refusal, sizeof ret->refusal, "%s", text);
}

void enrollment_fail(struct enrollment *ret, const struct authd_request_fields *fields,
		     const struct reason *why)
{
	begin(ret, fields);
	fail(ret, fields->name.text, fields->name.length, why);
}

static bool refuse_internal(struct decision *decision, const char *text)
{
	const struct authd_field *name = &decision->request->fields.name;
	struct reason why;

	reason_set(&why, "%s", text);
	fail(decision->enrollment, name->text, name->length, &why);
	return false;
}

/* ------------------------------------------------------------------ the request by itself */

static bool keeps_the_rules(struct decision *decision)
{
	struct enrollment *enrollment = decision->enrollment;

	enrollment->fault = request_rules_check(decision->policy, decision->request,
						enrollment->refusal, REFUSAL_SIZE);
	if (enrollment->fault != REGISTRATION_OK)
		return false;
	return decision->request->fault == AUTHD_REQUEST_OK ||
	       refuse(decision, REGISTRATION_OPEN, "%s",
		      authd_request_fault_text(decision->request->fault));
}

static void take_name(struct decision *decision)
{
	const struct authd_field *name = &decision->request->fields.name;
	char *target = decision->enrollment->agent.name;

	memcpy(target, name->text, name->length);
	target[name->length] = '\0';
}

static bool take_groups(struct decision *decision)
{
	const struct authd_field *groups = &decision->request->fields.groups;
	struct enrollment *enrollment = decision->enrollment;
	enum group_fault fault;

	if (!groups->text)
		return true;
	fault = group_names_check(groups->text, groups->length, &decision->policy->groups,
				  enrollment->refusal, sizeof enrollment->refusal);
	if (fault != GROUP_OK) {
		enrollment->fault = fault == GROUP_ABSENT ? REGISTRATION_GROUP_ABSENT
							  : REGISTRATION_GROUPS;
		return false;
	}
	(void)snprintf(enrollment->groups, sizeof enrollment->groups, "%.*s", (int)groups->length,
		       groups->text);
	enrollment->group_list = *groups;
	return true;
}

/* ------------------------------------------------------------------ whom it replaces */

/* A damaged line (no address) is left to the administrator. */
static bool may_replace(struct decision *decision, const struct roster_entry *entry)
{
	static const struct force_rules only_the_key = { .key_mismatch = true };
	const struct enrollment_policy *policy = decision->policy;
	bool by_rules = policy->on_duplicate == ON_DUPLICATE_FORCE;

	if ((!by_rules && policy->on_duplicate != ON_DUPLICATE_REPLACE) || !entry->ip)
		return false;
	return force_allows(by_rules ? &policy->force : &only_the_key, &policy->history,
			    decision->roster, entry, &decision->request->fields.key_hash,
			    &decision->enrollment->why);
}

/*
 * Replace the agent, if that is allowed. The removal is staged when everything is decided. An agent
 * that enrolls again is in nobody's way, and replaces nobody but itself.
 */
static bool replace(struct decision *decision, const struct roster_entry *entry)
{
	if (decision->request->again)
		return decision->request->again == entry;
	for (size_t i = 0; i < decision->leaving; i++)
		if (decision->to_replace[i] == entry)
			return true;
	if (!may_replace(decision, entry))
		return false;
	decision->to_replace[decision->leaving++] = entry;
	return true;
}

/* ------------------------------------------------------------------ the requested id */

static bool refuse_taken_id(struct decision *decision, const struct roster_entry *holder,
			    const char *id)
{
	if (roster_entry_is_agent(holder))
		memcpy(decision->enrollment->holder, holder->id_text, sizeof holder->id_text);
	else
		reason_set(&decision->enrollment->why,
			   "it was an agent's before; remove --purge makes it free");
	return refuse(decision, REGISTRATION_ID_TAKEN, "Duplicate ID: %s", id);
}

/*
 * At least three digits, as the managers write ids. An id that was handed out once is taken,
 * whatever the policy: OSSEC's remoted knows it with its old key until it is restarted.
 */
static bool settle_id(struct decision *decision)
{
	const struct authd_field *requested = &decision->request->id;
	const struct roster_entry *holder;
	unsigned long id;
	char text[AGENT_ID_MAX + 1];

	if (decision->request->again)
		memcpy(decision->enrollment->agent.id, decision->request->again->id_text,
		       sizeof decision->enrollment->agent.id);
	if (decision->request->again || !requested->text)
		return true;
	if (!agent_id_is_valid(requested->text, requested->length))
		return refuse(decision, REGISTRATION_ID, "Invalid agent ID: %.*s",
			      (int)requested->length, requested->text);
	(void)snprintf(text, sizeof text, "%.*s", (int)requested->length, requested->text);
	id = strtoul(text, NULL, 10) % (ROSTER_ID_MAX + 1);
	if (id == 0)
		return refuse(decision, REGISTRATION_ID, "Invalid agent ID: %s", text);
	holder = roster_find_id(decision->roster, (unsigned int)id);
	if (holder)
		return refuse_taken_id(decision, holder, text);
	(void)snprintf(decision->enrollment->agent.id, AGENT_ID_MAX + 1, "%03lu", id);
	return true;
}

/* ------------------------------------------------------------------ address */

static bool take_address(struct decision *decision)
{
	struct enrollment *enrollment = decision->enrollment;
	struct authd_field asked = request_rules_address(decision->policy, decision->request);
	struct address address;

	if (address_read(&address, asked.text, asked.length, decision->policy->dialect) < 0)
		return refuse(decision, REGISTRATION_IP, "Invalid IP: %.*s", (int)asked.length,
			      asked.text);
	memcpy(enrollment->agent.ip, address.stored, sizeof enrollment->agent.ip);
	memcpy(enrollment->shown_ip, address.shown, sizeof enrollment->shown_ip);
	return true;
}

/* ------------------------------------------------------------------ duplicates */

static bool refuse_taken_address(struct decision *decision, const struct roster_entry *holder)
{
	struct enrollment *enrollment = decision->enrollment;

	memcpy(enrollment->holder, holder->id_text, sizeof holder->id_text);
	(void)snprintf(enrollment->holder_name, sizeof enrollment->holder_name, "%s", holder->name);
	if (decision->policy->dialect == DIALECT_WAZUH)
		return refuse(decision, REGISTRATION_IP_TAKEN, "Duplicate IP: %s",
			      decision->enrollment->shown_ip);
	/* Not the address: OSSEC names the agent that has it. */
	return refuse(decision, REGISTRATION_IP_TAKEN, "Invalid IP address: %s", holder->id_text);
}

/*
 * ossec-authd looks for the address that the client comes from even if it is not going to be the
 * agent's.
 */
static const struct roster_entry *find_holder_of_peer(const struct decision *decision)
{
	const struct enrollment_policy *policy = decision->policy;
	const char *peer = decision->request->peer;
	bool replaces = policy->on_duplicate == ON_DUPLICATE_REPLACE ||
			policy->on_duplicate == ON_DUPLICATE_FORCE;
	struct address address;

	if (policy->dialect != DIALECT_OSSEC || replaces || !peer ||
	    decision->request->fields.ip.text ||
	    address_read(&address, peer, strlen(peer), policy->dialect) < 0)
		return NULL;
	return roster_find_ip_and_mask(decision->roster, address.stored);
}

/*
 * Who has the address, however it is written. Wazuh looks for what it was given among the addresses
 * without their masks, so that a network is never taken, but its first address is; OSSEC compares
 * masks and all.
 */
static const struct roster_entry *find_holder(const struct decision *decision)
{
	const struct enrollment *enrollment = decision->enrollment;

	if (strcmp(enrollment->agent.ip, "any") == 0)
		return find_holder_of_peer(decision);
	if (decision->policy->dialect == DIALECT_WAZUH)
		return roster_find_ip(decision->roster, enrollment->shown_ip);
	return roster_find_ip_and_mask(decision->roster, enrollment->agent.ip);
}

static bool settle_address(struct decision *decision)
{
	const struct roster_entry *holder = find_holder(decision);

	return !holder || replace(decision, holder) || refuse_taken_address(decision, holder);
}

/* The first of NAME2 to NAME255 that is free, as OSSEC does. */
static bool rename_agent(struct decision *decision)
{
	struct agent_key *agent = &decision->enrollment->agent;
	char name[AGENT_NAME_MAX + 4];

	for (int suffix = 2; suffix <= OSSEC_LAST_SUFFIX; suffix++) {
		size_t length = (size_t)snprintf(name, sizeof name, "%s%d", agent->name, suffix);

		if (length > AGENT_NAME_MAX)
			break;
		if (!roster_find_name(decision->roster, name)) {
			memcpy(agent->name, name, length + 1);
			return true;
		}
	}
	return refuse(decision, REGISTRATION_NAME_TAKEN, "Invalid agent name: %s", agent->name);
}

static bool is_own_name(const struct enrollment_policy *policy, const char *name)
{
	return policy->dialect == DIALECT_WAZUH && policy->own_name &&
	       strcmp(name, policy->own_name) == 0;
}

static bool settle_name(struct decision *decision)
{
	const struct agent_key *agent = &decision->enrollment->agent;
	const struct roster_entry *holder = roster_find_name(decision->roster, agent->name);

	if (is_own_name(decision->policy, agent->name))
		return refuse(decision, REGISTRATION_NAME, "Invalid agent name: %s", agent->name);
	if (!holder)
		return true;
	if (decision->policy->on_duplicate == ON_DUPLICATE_RENAME && !decision->request->again)
		return rename_agent(decision);
	if (replace(decision, holder))
		return true;
	memcpy(decision->enrollment->holder, holder->id_text, sizeof holder->id_text);
	return refuse(decision, REGISTRATION_NAME_TAKEN, "Duplicate agent name: %s", agent->name);
}

/* The texts are those of the managers that had such a limit: OSSEC, and Wazuh up to 4.0. */
static bool is_within_limit(struct decision *decision)
{
	const struct enrollment_policy *policy = decision->policy;

	if (policy->max_agents == 0 || decision->request->again ||
	    roster_count(decision->roster) - decision->leaving < policy->max_agents)
		return true;
	reason_set(&decision->enrollment->why, "There are %zu agents (--max-agents)",
		   roster_count(decision->roster));
	if (policy->dialect == DIALECT_WAZUH)
		return refuse(decision, REGISTRATION_LIMIT,
			      "The maximum number of agents has been reached");
	return refuse(decision, REGISTRATION_LIMIT, "Internal manager error adding agent: %s",
		      decision->enrollment->agent.name);
}

/* ------------------------------------------------------------------ id and key */

static bool choose_id(struct decision *decision)
{
	bool is_next = decision->policy->dialect == DIALECT_WAZUH || decision->request->next_id;
	unsigned int id;

	if (decision->request->id.text || decision->request->again)
		return true;
	id = roster_next_id(decision->roster, is_next ? 1 : OSSEC_FIRST_ID);
	if (id == 0)
		return refuse_internal(decision, "All ids of eight digits are taken");
	(void)snprintf(decision->enrollment->agent.id, AGENT_ID_MAX + 1, "%03u",
		       id % (ROSTER_ID_MAX + 1));
	return true;
}

static bool make_key(struct decision *decision)
{
	unsigned char bytes[AGENT_KEY_USUAL / 2];
	char *key = decision->enrollment->agent.key;

	if (random_bytes(bytes, sizeof bytes) < 0)
		return refuse_internal(decision, "Cannot get random numbers");
	hex_print(key, bytes, sizeof bytes);
	explicit_bzero(bytes, sizeof bytes);
	return true;
}

/* Letters beyond f are for the API of Wazuh, which takes any 64 letters and digits. */
static bool key_is_valid(const struct authd_field *key)
{
	if (key->length != AGENT_KEY_USUAL)
		return false;
	for (size_t i = 0; i < key->length; i++)
		if (!strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
			    key->text[i]) ||
		    !key->text[i])
			return false;
	return true;
}

static bool take_key(struct decision *decision)
{
	const struct authd_field *requested = &decision->request->key;
	char *key = decision->enrollment->agent.key;

	if (!requested->text)
		return make_key(decision);
	if (!key_is_valid(requested))
		return refuse(decision, REGISTRATION_KEY,
			      "Invalid agent key: it is not %d letters and digits",
			      AGENT_KEY_USUAL);
	memcpy(key, requested->text, AGENT_KEY_USUAL);
	key[AGENT_KEY_USUAL] = '\0';
	return true;
}

static bool stage(struct decision *decision)
{
	struct enrollment *enrollment = decision->enrollment;

	/* First the addition: should it fail, nothing has happened yet. */
	if (roster_add(decision->roster, &enrollment->agent) < 0)
		return refuse_internal(decision, "Out of memory");
	for (size_t i = 0; i < decision->leaving; i++) {
		const struct roster_entry *old = decision->to_replace[i];

		(void)snprintf(enrollment->replaced[i], sizeof enrollment->replaced[i], "%s",
			       old->id_text);
		roster_remove(decision->roster, old, dialect_tombstone(decision->policy->dialect));
	}
	enrollment->is_again = decision->request->again != NULL;
	if (enrollment->is_again)
		roster_remove(decision->roster, decision->request->again, ROSTER_TOMBSTONE_NOTHING);
	return true;
}

void enrollment_decide(struct enrollment *ret, struct roster *roster,
		       const struct enrollment_policy *policy,
		       const struct enrollment_request *request)
{
	struct decision decision = {
		.enrollment = ret, .roster = roster, .policy = policy, .request = request
	};

	begin(ret, &request->fields);
	if (!keeps_the_rules(&decision))
		return;
	take_name(&decision);
	ret->accepted = take_address(&decision) && take_groups(&decision) && settle_id(&decision) &&
			settle_address(&decision) && settle_name(&decision) &&
			is_within_limit(&decision) && choose_id(&decision) && take_key(&decision) &&
			stage(&decision);
}

void enrollment_revoke(struct enrollment *enrollment, const struct reason *why)
{
	if (!enrollment->accepted)
		return;
	fail(enrollment, enrollment->agent.name, strlen(enrollment->agent.name), why);
	agent_key_wipe(&enrollment->agent);
	explicit_bzero(enrollment->secret, sizeof enrollment->secret);
}

void enrollment_wipe(struct enrollment *enrollment)
{
	explicit_bzero(enrollment, sizeof *enrollment);
}
