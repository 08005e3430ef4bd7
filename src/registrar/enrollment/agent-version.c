/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/agent-version.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SIGNIFICANT 9          /* characters; Wazuh reads no further */
#define UNKNOWN_PATCH LONG_MAX /* "v4.14" is the last one of them */

struct version {
	long major, minor, patch;
};

/* The number up to the next dot, of which several count as one. False: nothing is left. */
static bool next_number(char **rest, long *ret)
{
	char *token = *rest + strspn(*rest, ".");

	if (*token == '\0')
		return false;
	*rest = token + strcspn(token, ".");
	*ret = strtol(token, NULL, 10);
	return true;
}

static struct version read_version(const char *text, size_t length)
{
	char copy[SIGNIFICANT + 1] = "", *at;
	struct version version = { .patch = UNKNOWN_PATCH };

	memcpy(copy, text, length < SIGNIFICANT ? length : SIGNIFICANT);
	at = strchr(copy, 'v');
	at = at ? at + 1 : copy;
	(void)(next_number(&at, &version.major) && next_number(&at, &version.minor) &&
	       next_number(&at, &version.patch));
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
