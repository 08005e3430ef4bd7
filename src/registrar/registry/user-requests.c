/* SPDX-License-Identifier: ISC */
#include "registrar/registry/user-requests.h"

#include <stdio.h>

const char *registry_user_describe(const struct registry_user *user,
				   char buffer[static REGISTRY_USER_TEXT_SIZE])
{
	(void)snprintf(buffer, REGISTRY_USER_TEXT_SIZE, "%s (user %s of the API)",
		       user->client.text, user->name);
	return buffer;
}
