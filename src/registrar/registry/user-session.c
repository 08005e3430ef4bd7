/* SPDX-License-Identifier: ISC */
#include "registrar/registry/user-session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *registry_user_describe(const struct peer *client, const char *name,
				   char buffer[static REGISTRY_USER_TEXT_SIZE])
{
	(void)snprintf(buffer, REGISTRY_USER_TEXT_SIZE, "%s (user %s of the API)", client->text,
		       name);
	return buffer;
}

struct login_request *login_request_new(const struct peer *client, unsigned int failures,
					const char *user, const char *password)
{
	size_t user_size = strlen(user) + 1, password_size = strlen(password) + 1;
	struct login_request *request = malloc(sizeof *request + user_size + password_size);

	if (!request)
		return NULL;
	*request = (struct login_request){
		.client = *client,
		.failures = failures,
		.user = request->texts,
		.password = request->texts + user_size,
		.text_length = user_size + password_size,
	};
	memcpy(request->texts, user, user_size);
	memcpy(request->texts + user_size, password, password_size);
	return request;
}

void login_request_free(struct login_request *request)
{
	if (!request)
		return;
	explicit_bzero(request, sizeof *request + request->text_length);
	free(request);
}
