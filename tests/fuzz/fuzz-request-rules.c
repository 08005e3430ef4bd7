/* SPDX-License-Identifier: ISC */
/*
 * What a request has to be by itself, whatever was sent: what passes has a name, groups and an
 * address that client.keys can hold, and what does not is refused with a text. The first byte says
 * by which policy; a line follows.
 */
#include "fuzz.h"

#include "registrar/enrollment/address.h"
#include "registrar/enrollment/request-rules.h"

#define PEER "192.0.2.1"

static void check_passed(const struct enrollment_policy *policy,
			 const struct enrollment_request *request)
{
	struct authd_field ip = request_rules_address(policy, request);
	const struct authd_field *name = &request->fields.name, *groups = &request->fields.groups;
	struct address address;
	char refusal[REFUSAL_SIZE];

	HOLDS(agent_name_is_valid(name->text, name->length));
	HOLDS(policy->dialect == DIALECT_OSSEC || name->text[0] != '.' ||
	      request->allow_leading_dot || policy->manager_version);
	HOLDS(!groups->text ||
	      group_list_check(groups->text, groups->length, refusal, sizeof refusal) == GROUP_OK);
	HOLDS(address_read(&address, ip.text, ip.length, policy->dialect) == 0);
	HOLDS(agent_ip_is_valid(address.stored, strlen(address.stored)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t how = size > 0 ? data[0] : 0;
	const struct enrollment_policy policy = {
		.dialect = how & 1 ? DIALECT_WAZUH : DIALECT_OSSEC,
		.use_source_address = how & 2,
		.manager_version = how & 4 ? how & 8 ? "v4.14.5" : "v4.14.6" : NULL,
	};
	struct enrollment_request request = {
		.peer = how & 16 ? PEER : NULL,
		.allow_leading_dot = how & 32,
	};
	char refusal[REFUSAL_SIZE] = "";
	enum registration_fault fault;

	if (size < 1 || !authd_request_has_fields(authd_request_parse(
				&request.fields, (const char *)data + 1, size - 1, NULL)))
		return 0;
	fault = request_rules_check(&policy, &request, refusal, sizeof refusal);
	HOLDS(strlen(refusal) < sizeof refusal);
	if (fault == REGISTRATION_OK)
		check_passed(&policy, &request);
	else
		HOLDS(refusal[0]);
	return 0;
}
