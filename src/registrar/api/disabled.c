/* SPDX-License-Identifier: ISC */
/* The API of a registrar that was configured --without-api: it refuses to start. */
#include "registrar/api/api.h"

#include <errno.h>

static int refuse(struct reason *why)
{
	reason_set(why, "This agent-registrar was built without the API (configure --without-api)");
	return -ENOTSUP;
}

int api_new(struct api **ret, struct event_base *base, const struct api_settings *settings,
	    struct registry *registry, struct reason *why)
{
	(void)ret, (void)base, (void)settings, (void)registry;
	return refuse(why);
}

void api_use(struct api *api, SSL_CTX *tls, const struct authorities *authorities,
	     bool demands_password)
{
	(void)api, (void)tls, (void)authorities, (void)demands_password;
}

void api_stop(struct api *api)
{
	(void)api;
}

bool api_is_busy(const struct api *api)
{
	(void)api;
	return false;
}

void api_free(struct api *api)
{
	(void)api;
}

int api_exists(struct reason *why)
{
	return refuse(why);
}
