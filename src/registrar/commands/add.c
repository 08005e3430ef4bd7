/* SPDX-License-Identifier: ISC */
#include "registrar/commands/add.h"

#include "common/escape.h"
#include "registrar/commands/admin.h"
#include "registrar/commands/by-authd.h"
#include "registrar/commands/policy.h"
#include "registrar/commands/progress.h"

#include <stdio.h>
#include <string.h>

static struct authd_field text_field(const char *text)
{
	return (struct authd_field){ text, text ? strlen(text) : 0 };
}

/*
 * Whose the name or address is: an agent's that is registered, or that of an earlier line of the
 * same file.
 */
static void describe_holder(char *ret, size_t size, const struct enrollment *refused,
			    const struct records *records)
{
	const struct agent_record *added = records_find(records, refused->holder);

	if (added)
		(void)snprintf(ret, size, "%s in an earlier line", added->name);
	else
		(void)snprintf(ret, size, "agent %s%s%s", refused->holder,
			       refused->holder_name[0] ? ", " : "", refused->holder_name);
}

void add_describe_refusal(struct reason *ret, const struct enrollment *refused,
			  const struct records *records)
{
	char shown[512], holder[AGENT_NAME_MAX + 32];

	escape_string(shown, sizeof shown, refused->refusal);
	describe_holder(holder, sizeof holder, refused, records);
	if (refused->fault == REGISTRATION_INTERNAL || refused->why.text[0])
		reason_set(ret, "%s (%s)", shown, refused->why.text);
	else if (refused->fault == REGISTRATION_IP_TAKEN)
		reason_set(ret, "%s (%s belongs to %s)", shown, refused->shown_ip, holder);
	else if (refused->holder[0])
		reason_set(ret, "%s (it belongs to %s)", shown, holder);
	else
		reason_set(ret, "%s", shown);
}

int add_commit(struct roster *roster, const struct options *options, struct records *records)
{
	struct local_authd authd;
	bool has_authd;
	int status = by_authd_find(&authd, &has_authd, options);

	if (status != 0)
		roster_cancel(roster);
	else
		status = has_authd ? by_authd_add(&authd, roster, options, records)
				   : admin_commit(roster, options, records);
	progress_end();
	if (status != 0 || options->admin.quiet)
		return status;
	for (const struct agent_record *at = records->first; at; at = at->next)
		admin_print_agent(at->id, at->name, at->ip);
	return admin_finish_output();
}

int add_command(struct program *program)
{
	const struct options *options = program->options;
	cleanup(release_roster) struct roster *roster = NULL;
	cleanup(records_clear) struct records records = { .first = NULL };
	cleanup(enrollment_wipe) struct enrollment enrollment = { 0 };
	const struct enrollment_policy policy = policy_from_options(options);
	const struct enrollment_request request = {
		.fields.name = text_field(options->admin.name),
		.fields.ip = text_field(options->admin.ip ?: "any"),
		.id = text_field(options->admin.id),
		.next_id = true,
	};
	struct reason why;
	int status = admin_begin(&roster, options, false);

	if (status != 0)
		return status;
	enrollment_decide(&enrollment, roster, &policy, &request);
	if (enrollment.accepted) {
		records_add(&records, roster, &enrollment);
		return add_commit(roster, options, &records);
	}
	add_describe_refusal(&why, &enrollment, &records);
	roster_cancel(roster);
	return admin_fail(enrollment.fault == REGISTRATION_INTERNAL ? EX_OSERR : EX_DATAERR, &why);
}
