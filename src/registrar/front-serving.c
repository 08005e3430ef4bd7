/* SPDX-License-Identifier: ISC */
#include "registrar/front-serving.h"

#include "common/log.h"

#include <errno.h>

bool front_serving_set_up(struct front_serving *serving)
{
	serving->peers = (struct peer_rules){
		.exempt = serving->settings->exempt_sources,
		.max_per_source = serving->settings->max_per_source,
		.offences = offences_new(),
		.log = peer_log_new(serving->base),
	};
	return serving->peers.offences && serving->peers.log;
}

/* Begin to speak with clients. 0 or a negative errno with `why` set. */
static int begin(struct front_serving *serving, enum dialect dialect, struct reason *why)
{
	const struct front_settings *settings = serving->settings;
	struct authd_settings authd = settings->authd;
	struct api_settings api;

	authd.tls = serving->credentials.tls;
	authd.password = serving->credentials.password.text;
	authd.dialect = dialect;
	authd.peers = &serving->peers;
	authd.changed = serving->changed;
	authd.owner = serving->owner;
	serving->authd = authd_new(serving->base, &authd, serving->registry);
	if (!serving->authd)
		return reason_errno(why, ENOMEM, "Cannot set up the event loop");
	if (!settings->api)
		return 0;
	api = *settings->api;
	api.tls = serving->credentials.tls;
	api.authorities = &serving->credentials.authorities;
	api.demands_password = serving->credentials.password.text != NULL;
	api.peers = &serving->peers;
	return api_new(&serving->api, serving->base, &api, serving->registry, why);
}

int front_serving_use(struct front_serving *serving, const struct material *material,
		      struct reason *why)
{
	struct credentials *in_use = &serving->credentials, old = *in_use;
	int r = credentials_make(in_use, material, why);

	if (r < 0)
		return r;
	if (!serving->authd)
		return begin(serving, material->dialect, why);
	authd_use(serving->authd, in_use->tls, in_use->password.text, material->dialect);
	if (serving->api)
		api_use(serving->api, in_use->tls, &in_use->authorities,
			in_use->password.text != NULL);
	credentials_clear(&old);
	return 0;
}

static void announce_listeners(const char *service, const struct listeners *listeners)
{
	char text[128];

	for (size_t i = 0; i < listeners->count; i++)
		if (listener_describe(listeners->fds[i], text, sizeof text) == 0)
			log_notice("%s on %s", service, text);
}

void front_serving_announce(const struct front_serving *serving)
{
	announce_listeners("Listening", serving->settings->authd.listeners);
	if (!serving->api)
		return;
	announce_listeners("The API listens", serving->settings->api->listeners);
	announce_listeners("The enrollment of Wazuh 5 listens",
			   serving->settings->api->enroll_listeners);
}

void front_serving_stop(struct front_serving *serving)
{
	if (serving->authd)
		authd_stop(serving->authd);
	if (serving->api)
		api_stop(serving->api);
}

bool front_serving_is_idle(const struct front_serving *serving)
{
	return !serving->authd || (authd_counts(serving->authd).connections == 0 &&
				   (!serving->api || !api_is_busy(serving->api)));
}

void front_serving_end(struct front_serving *serving)
{
	authd_free(serving->authd);
	serving->authd = NULL;
	/* libevent frees a bufferevent when the loop comes round again. */
	if (serving->base)
		(void)event_base_loop(serving->base, EVLOOP_NONBLOCK);
	api_free(serving->api);
	serving->api = NULL;
	peer_log_free(serving->peers.log);
	offences_free(serving->peers.offences);
	credentials_clear(&serving->credentials);
}
