/* SPDX-License-Identifier: ISC */
#include "registrar/commands/option-values.h"

#include "common/escape.h"
#include "common/shortage.h"
#include "common/usage.h"
#include "registrar/commands/options.h"
#include "registrar/enrollment/agent-version.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

#define TIME_MAX (10ul * 365 * 86400) /* seconds */

/* A name, or a number that no name is. */
int option_value_group(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;
	const struct group *group;
	char shown[128], *end;
	unsigned long number;
	struct reason why;

	(void)row;
	errno = 0;
	group = getgrnam(value);
	if (!group && is_shortage(errno)) {
		int r = reason_errno(&why, errno, "Cannot look up the group %s",
				     escape_string(shown, sizeof shown, value));

		return usage_fail(r, why.text);
	}
	if (group) {
		options->group = group->gr_gid;
		return 0;
	}
	errno = 0;
	number = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end || errno || number >= (gid_t)-1)
		return usage_error("there is no group '%s'",
				   escape_string(shown, sizeof shown, value));
	options->group = (gid_t)number;
	return 0;
}

/* "3600", "60m", "1h", "7d", as the managers write times; 0 to 3650 days. */
static int parse_time(const struct option_row *row, const char *text, unsigned int *ret)
{
	static const char units[] = "smhdw";
	static const unsigned long seconds[] = { 1, 60, 3600, 86400, 604800 };
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits]) : units;
	unsigned long value = strtoul(text, NULL, 10);
	char shown[128];

	if (digits == 0 || digits > 9 || !unit || (text[digits] && text[digits + 1]) ||
	    value > TIME_MAX / seconds[unit - units])
		return usage_error("--%s is a time like 90s, 60m, 1h or 7d, not '%s'", row->name,
				   escape_string(shown, sizeof shown, text));
	*ret = (unsigned int)(value * seconds[unit - units]);
	return 0;
}

int option_value_key_mismatch(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;

	(void)row;
	options->policy.has_force_rules = true;
	options->policy.force.key_mismatch = strcmp(value, "yes") == 0;
	return 0;
}

int option_value_disconnected_time(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;
	struct force_rules *force = &options->policy.force;

	options->policy.has_force_rules = true;
	force->check_disconnected = strcmp(value, "no") != 0;
	return force->check_disconnected ? parse_time(row, value, &force->disconnected_time) : 0;
}

int option_value_registration_time(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;

	options->policy.has_force_rules = true;
	return parse_time(row, value, &options->policy.force.after_registration_time);
}

int option_value_ttl(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;
	int r = parse_time(row, value, &options->token.wish.ttl);

	return r == 0 && options->token.wish.ttl == 0
		       ? usage_error("--%s is longer than no time", row->name)
		       : r;
}

int option_value_manager_version(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;
	char shown[128];

	if (!manager_version_is_valid(value))
		return usage_error("--%s is a version like v4.14.5, not '%s'", row->name,
				   escape_string(shown, sizeof shown, value));
	options->policy.manager_version = value;
	return 0;
}

int option_value_api_port(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;

	options->api.enabled = true;
	return option_set_number(target, row, value);
}

int option_value_enroll_port(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;

	options->enroll.enabled = true;
	return option_set_number(target, row, value);
}

int option_value_exempt_source(void *target, const struct option_row *row, char *value)
{
	struct options *options = target;
	char shown[128];
	int r = network_list_add(&options->service.exempt_sources, value);

	if (r == -E2BIG)
		return usage_error("--%s can be given %d times", row->name, NETWORK_LIST_MAX);
	if (r < 0)
		return usage_error("--%s is an address or a network like 192.0.2.0/24, not '%s'",
				   row->name, escape_string(shown, sizeof shown, value));
	return 0;
}
