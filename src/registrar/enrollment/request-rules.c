/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/request-rules.h"

#include "registrar/enrollment/address.h"
#include "registrar/enrollment/agent-version.h"
#include "registrar/enrollment/group-rules.h"

#include <stdio.h>
#include <string.h>

/* The authd and the agents of Wazuh refuse a leading dot from 4.14.6 on, its API does not. */
static bool may_begin_with_dot(const struct enrollment_policy *policy,
			       const struct enrollment_request *request)
{
	const char *version = policy->manager_version;

	return policy->dialect == DIALECT_OSSEC || request->allow_leading_dot ||
	       (version && manager_version_takes_leading_dot(version));
}

static bool name_is_allowed(const struct enrollment_policy *policy,
			    const struct enrollment_request *request)
{
	const struct authd_field *name = &request->fields.name;

	return may_begin_with_dot(policy, request)
		       ? agent_name_is_valid(name->text, name->length)
		       : agent_name_is_registrable(name->text, name->length);
}

static bool version_is_allowed(const struct enrollment_policy *policy,
			       const struct enrollment_request *request)
{
	const struct authd_field *version = &request->fields.version;

	return !policy->manager_version || !version->text ||
	       !agent_version_is_newer(version->text, version->length, policy->manager_version);
}

struct authd_field request_rules_address(const struct enrollment_policy *policy,
					 const struct enrollment_request *request)
{
	const struct authd_field *field = &request->fields.ip;
	bool is_source = field->text ? field->length >= 3 && memcmp(field->text, "src", 3) == 0
				     : policy->use_source_address;

	if (is_source && request->peer)
		return (struct authd_field){ request->peer, strlen(request->peer) };
	return field->text ? *field : (struct authd_field){ "any", 3 };
}

enum registration_fault request_rules_check(const struct enrollment_policy *policy,
					    const struct enrollment_request *request, char *refusal,
					    size_t size)
{
	const struct authd_request_fields *fields = &request->fields;
	struct authd_field ip = request_rules_address(policy, request);
	struct address scratch;

	if (!name_is_allowed(policy, request)) {
		(void)snprintf(refusal, size, "Invalid agent name: %.*s", (int)fields->name.length,
			       fields->name.text);
		return REGISTRATION_NAME;
	}
	if (!version_is_allowed(policy, request)) {
		(void)snprintf(refusal, size,
			       "Agent version must be lower or equal to manager version");
		return REGISTRATION_VERSION;
	}
	if (fields->groups.text &&
	    group_list_check(fields->groups.text, fields->groups.length, refusal, size) != GROUP_OK)
		return REGISTRATION_GROUPS;
	if (address_read(&scratch, ip.text, ip.length, policy->dialect) < 0) {
		(void)snprintf(refusal, size, "Invalid IP: %.*s", (int)ip.length, ip.text);
		return REGISTRATION_IP;
	}
	return REGISTRATION_OK;
}
