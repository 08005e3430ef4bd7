/* SPDX-License-Identifier: ISC */
#include "client/registration/access.h"

#include "common/cleanup.h"
#include "common/secret.h"

int enrollment_read_token(struct enrollment_token *ret, const struct config *config,
			  const struct method *method, struct reason *why)
{
	const char *path = config->auth.token_file;
	cleanup(secret_wipe) struct secret text = { 0 };
	struct reason problem = { 0 };
	int r;

	if (!path || !method->parse_token)
		return 0;
	r = secret_read_long(&text, "enrollment token", path, ENROLLMENT_TOKEN_MAX, why);
	if (r < 0)
		return r;
	r = method->parse_token(ret, &text, &problem);
	if (r < 0)
		reason_set(why, "%s (%s)", problem.text, path);
	return r < 0 ? r : 1;
}

bool enrollment_manager(struct endpoint *ret, const struct config *config,
			const struct enrollment_token *token, size_t index)
{
	const struct string_list *addresses = &config->manager.address;

	if (addresses->count == 0 && index == 0 && token)
		*ret = token->manager;
	else
		return index < addresses->count && endpoint_parse(ret, addresses->items[index],
								  config_default_port(config)) == 0;
	return true;
}

/* All three have been checked before: by the configuration, by the token's parser, and here. */
void enrollment_prefix(char ret[static ENDPOINT_PREFIX_SIZE], const struct config *config,
		       const struct enrollment_token *token)
{
	(void)endpoint_prefix_parse(ret, config->manager.prefix
						 ?: token ? token->prefix
							  : ENROLLMENT_PREFIX);
}
