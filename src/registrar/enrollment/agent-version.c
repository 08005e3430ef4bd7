/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/agent-version.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define UNKNOWN_PATCH LONG_MAX /* "v4.14" is the last one of them */

struct version {
	long major, minor, patch;
};

static struct version read_version(const char *text, size_t length)
{
	char copy[32] = "";
	struct version version = { .patch = UNKNOWN_PATCH };
	const char *start;
	char *end;

	memcpy(copy, text, length < sizeof copy - 1 ? length : sizeof copy - 1);
	start = strchr(copy, 'v');
	version.major = strtol(start ? start + 1 : copy, &end, 10);
	if (*end == '.')
		version.minor = strtol(end + 1, &end, 10);
	if (*end == '.')
		version.patch = strtol(end + 1, NULL, 10);
	return version;
}

bool manager_version_is_valid(const char *text)
{
	return read_version(text, strlen(text)).major > 0;
}

bool agent_version_is_newer(const char *text, size_t length, const char *manager)
{
	struct version agent = read_version(text, length),
		       limit = read_version(manager, strlen(manager));

	return agent.major > limit.major ||
	       (agent.major == limit.major && agent.minor > limit.minor);
}

bool manager_version_takes_leading_dot(const char *text)
{
	struct version version = read_version(text, strlen(text));

	if (version.major != 4)
		return version.major < 4;
	return version.minor != 14 ? version.minor < 14 : version.patch < 6;
}
