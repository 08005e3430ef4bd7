/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment.h"

#include "registrar/groups.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define OSSEC_FIRST_ID 1024u
#define OSSEC_LAST_SUFFIX 255 /* of a renamed duplicate; the 256th registration of a name is refused */

struct decision {
	struct enrollment *enrollment;
	struct roster *roster;
	const struct enrollment_policy *policy;
	const struct authd_request_fields *fields;
	const struct roster_entry *to_replace[2]; /* null: nobody */
};

int on_duplicate_from_text(const char *text)
{
	static const char *const texts[] = {
		[ON_DUPLICATE_RENAME] = "rename",
		[ON_DUPLICATE_REFUSE] = "refuse",
		[ON_DUPLICATE_REPLACE] = "replace",
	};

	for (int i = 0; i < (int)(sizeof texts / sizeof texts[0]); i++)
		if (strcmp(text, texts[i]) == 0)
			return i;
	return -EINVAL;
}

/* Returns false, for `return refuse(...)`. */
__attribute__((format(printf, 2, 3))) static bool refuse(struct decision *decision, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(decision->enrollment->refusal, REFUSAL_SIZE, format, arguments);
	va_end(arguments);
	return false;
}

void enrollment_fail(struct enrollment *ret, const struct authd_request_fields *fields, const struct reason *why)
{
	ret->accepted = false;
	ret->why = *why;
	(void)snprintf(ret->refusal, sizeof ret->refusal, "Internal manager error adding agent: %.*s",
		       (int)fields->name.length, fields->name.text);
}

static bool refuse_internal(struct decision *decision, const char *text)
{
	struct reason why;

	reason_set(&why, "%s", text);
	enrollment_fail(decision->enrollment, decision->fields, &why);
	return false;
}

/* ------------------------------------------------------------------ name, version, groups */

static bool take_name(struct decision *decision)
{
	const struct authd_field *name = &decision->fields->name;
	const struct enrollment_policy *policy = decision->policy;
	char *target = decision->enrollment->agent.name;
	bool is_own;

	if (!agent_name_is_valid(name->text, name->length))
		return refuse(decision, "Invalid agent name: %.*s", (int)name->length, name->text);
	memcpy(target, name->text, name->length);
	target[name->length] = '\0';
	is_own = policy->dialect == DIALECT_WAZUH && policy->own_name && strcmp(target, policy->own_name) == 0;
	return !is_own || refuse(decision, "Invalid agent name: %s", target);
}

struct version {
	long major, minor;
};

/* As lax as Wazuh: what cannot be read is 0. */
static struct version read_version(const char *text, size_t length)
{
	char copy[32] = "";
	struct version version = { 0 };
	const char *start;
	char *end;

	memcpy(copy, text, length < sizeof copy - 1 ? length : sizeof copy - 1);
	start = strchr(copy, 'v');
	version.major = strtol(start ? start + 1 : copy, &end, 10);
	if (*end == '.')
		version.minor = strtol(end + 1, NULL, 10);
	return version;
}

bool manager_version_is_valid(const char *text)
{
	struct version version = read_version(text, strlen(text));

	return version.major > 0;
}

static bool version_is_allowed(struct decision *decision)
{
	const char *limit_text = decision->policy->manager_version;
	const struct authd_field *field = &decision->fields->version;
	struct version agent, limit;

	if (!limit_text || !field->text)
		return true;
	agent = read_version(field->text, field->length);
	limit = read_version(limit_text, strlen(limit_text));
	if (agent.major < limit.major || (agent.major == limit.major && agent.minor <= limit.minor))
		return true;
	return refuse(decision, "Agent version must be lower or equal to manager version");
}

static bool groups_are_allowed(struct decision *decision)
{
	const struct authd_field *groups = &decision->fields->groups;
	struct enrollment *enrollment = decision->enrollment;

	if (!groups->text)
		return true;
	if (!groups_are_valid(groups->text, groups->length, enrollment->refusal, sizeof enrollment->refusal))
		return false;
	(void)snprintf(enrollment->groups, sizeof enrollment->groups, "%.*s", (int)groups->length, groups->text);
	return true;
}

/* ------------------------------------------------------------------ address */

/* One spelling for one address: Wazuh writes IPv6 in full and in capitals, OSSEC as getnameinfo(3) does. */
static void write_address(char *target, size_t size, const char *text, enum dialect dialect)
{
	size_t base = strcspn(text, "/");
	char address[AGENT_IP_MAX + 1], short_form[INET6_ADDRSTRLEN];
	const unsigned char *b;
	struct in6_addr parsed;

	(void)snprintf(address, sizeof address, "%.*s", (int)base, text);
	if (inet_pton(AF_INET6, address, &parsed) != 1) {
		(void)snprintf(target, size, "%s", text);
		return;
	}
	b = parsed.s6_addr;
	if (dialect == DIALECT_WAZUH)
		(void)snprintf(target, size, "%02X%02X:%02X%02X:%02X%02X:%02X%02X:%02X%02X:%02X%02X:%02X%02X:%02X%02X%s",
			       b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
			       b[14], b[15], text + base);
	else
		(void)snprintf(target, size, "%s%s", inet_ntop(AF_INET6, &parsed, short_form, sizeof short_form),
			       text + base);
}

static bool take_address(struct decision *decision, const char *peer)
{
	const struct authd_field *field = &decision->fields->ip;
	struct agent_key *agent = &decision->enrollment->agent;
	const char *text = field->text;
	size_t length = field->length;
	char copy[AGENT_IP_MAX + 1];

	if (!text) {
		text = decision->policy->use_source_address ? peer : "any";
		length = strlen(text);
	} else if (length >= 3 && memcmp(text, "src", 3) == 0) {
		text = peer;
		length = strlen(peer);
	} else if (length > 0 && text[0] == '!') {
		text++;
		length--;
	}
	if (!agent_ip_is_valid(text, length))
		return refuse(decision, "Invalid IP: %.*s", (int)length, text);
	memcpy(copy, text, length);
	copy[length] = '\0';
	write_address(agent->ip, sizeof agent->ip, copy, decision->policy->dialect);
	return true;
}

/* ------------------------------------------------------------------ duplicates */

/* Does the client still have this agent's key, as its K field says? Then replacing it would only cut it off. */
static bool is_proven(struct decision *decision, const struct roster_entry *entry)
{
	const struct authd_field *sent = &decision->fields->key_hash;
	char hash[AGENT_KEY_HASH_SIZE];

	return sent->text && sent->length == AGENT_KEY_HASH_SIZE - 1 &&
	       roster_key_hash(decision->roster, entry, hash) == 0 && memcmp(hash, sent->text, sent->length) == 0;
}

/* A damaged line (no address) is the administrator's to look at, never ours to drop. */
static bool may_replace(struct decision *decision, const struct roster_entry *entry)
{
	return decision->policy->on_duplicate == ON_DUPLICATE_REPLACE && entry->ip && !is_proven(decision, entry);
}

static bool settle_address(struct decision *decision)
{
	const struct agent_key *agent = &decision->enrollment->agent;
	const struct roster_entry *holder = NULL;

	if (strcmp(agent->ip, "any") != 0)
		holder = roster_find_ip(decision->roster, agent->ip);
	if (!holder)
		return true;
	if (may_replace(decision, holder)) {
		decision->to_replace[0] = holder;
		return true;
	}
	if (decision->policy->dialect == DIALECT_WAZUH)
		return refuse(decision, "Duplicate IP: %s", agent->ip);
	/* Not the address: OSSEC names the agent that has it. */
	return refuse(decision, "Invalid IP address: %s", holder->id_text);
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
	return refuse(decision, "Invalid agent name: %s", agent->name);
}

static bool settle_name(struct decision *decision)
{
	const struct agent_key *agent = &decision->enrollment->agent;
	const struct roster_entry *holder = roster_find_name(decision->roster, agent->name);

	if (!holder)
		return true;
	if (decision->policy->on_duplicate == ON_DUPLICATE_RENAME)
		return rename_agent(decision);
	if (may_replace(decision, holder)) {
		decision->to_replace[1] = holder;
		return true;
	}
	return refuse(decision, "Duplicate agent name: %s", agent->name);
}

/* ------------------------------------------------------------------ id and key */

static bool take_id(struct decision *decision)
{
	bool is_wazuh = decision->policy->dialect == DIALECT_WAZUH;
	unsigned int id = is_wazuh ? roster_next_id(decision->roster) :
				     roster_lowest_free_id(decision->roster, OSSEC_FIRST_ID);

	if (id == 0)
		return refuse_internal(decision, "All ids of eight digits are taken");
	(void)snprintf(decision->enrollment->agent.id, AGENT_ID_MAX + 1, "%0*u", is_wazuh ? 3 : 1,
		       id % (ROSTER_ID_MAX + 1));
	return true;
}

static bool make_key(struct decision *decision)
{
	unsigned char bytes[AGENT_KEY_USUAL / 2];
	char *key = decision->enrollment->agent.key;
	size_t have = 0;

	while (have < sizeof bytes) {
		ssize_t n = getrandom(bytes + have, sizeof bytes - have, 0);

		if (n < 0 && errno != EINTR)
			return refuse_internal(decision, "The system has no random numbers");
		have += n > 0 ? (size_t)n : 0;
	}
	for (size_t i = 0; i < sizeof bytes; i++)
		(void)snprintf(key + 2 * i, 3, "%02x", bytes[i]);
	explicit_bzero(bytes, sizeof bytes);
	return true;
}

static bool stage(struct decision *decision)
{
	struct enrollment *enrollment = decision->enrollment;

	/* First the addition: should it fail, nothing has happened yet. */
	if (roster_add(decision->roster, &enrollment->agent) < 0)
		return refuse_internal(decision, "Out of memory");
	if (decision->to_replace[0] == decision->to_replace[1])
		decision->to_replace[0] = NULL;
	for (int i = 0; i < 2; i++) {
		const struct roster_entry *old = decision->to_replace[i];

		if (!old)
			continue;
		(void)snprintf(enrollment->replaced[i], sizeof enrollment->replaced[i], "%s", old->id_text);
		roster_remove(decision->roster, old, ROSTER_REMAINS_NOTHING);
	}
	return true;
}

void enrollment_decide(struct enrollment *ret, struct roster *roster, const struct enrollment_policy *policy,
		       const struct authd_request_fields *fields, const char *peer)
{
	struct decision decision = { .enrollment = ret, .roster = roster, .policy = policy, .fields = fields };

	*ret = (struct enrollment){ 0 };
	ret->accepted = take_name(&decision) && version_is_allowed(&decision) && groups_are_allowed(&decision) &&
			take_address(&decision, peer) && settle_address(&decision) && settle_name(&decision) &&
			take_id(&decision) && make_key(&decision) && stage(&decision);
}

void enrollment_revoke(struct enrollment *enrollment, const struct reason *why)
{
	if (!enrollment->accepted)
		return;
	enrollment->accepted = false;
	enrollment->why = *why;
	(void)snprintf(enrollment->refusal, sizeof enrollment->refusal, "Internal manager error adding agent: %s",
		       enrollment->agent.name);
	agent_key_wipe(&enrollment->agent);
}

void enrollment_wipe(struct enrollment *enrollment)
{
	explicit_bzero(enrollment, sizeof *enrollment);
}
