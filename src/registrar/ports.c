/* SPDX-License-Identifier: ISC */
#include "registrar/ports.h"

#include "common/log.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#define NAME_API "api" /* FileDescriptorName= of agent-registrar-api.socket */
#define NAME_ENROLL "enroll"

void ports_close(struct ports *ports)
{
	listeners_close(&ports->enroll);
	listeners_close(&ports->api);
	listeners_close(&ports->authd);
}

static int make_listeners(struct listeners *ret, const struct text_list *addresses,
			  unsigned int port, struct reason *why)
{
	return listeners_make(ret, addresses->items, addresses->count, (unsigned short)port, why);
}

/* ------------------------------------------------------------------ what systemd has passed */

static bool has_port(const struct listeners *listeners, unsigned int port)
{
	for (size_t i = 0; i < listeners->count; i++) {
		struct sockaddr_in6 address = { 0 }; /* IPv4 has the port at the same place */
		socklen_t size = sizeof address;

		if (getsockname(listeners->fds[i], (struct sockaddr *)&address, &size) == 0 &&
		    ntohs(address.sin6_port) == port)
			return true;
	}
	return false;
}

/* Enabling the service enables its socket as well, so an administrator may not know of that. */
static void warn_of_authd(const struct options *options)
{
	if (options->service.port != OPTIONS_PORT || options->service.listen.count > 0)
		log_warning("The registration port is systemd's, so -p and --listen have no effect "
			    "on it: change it with systemctl edit agent-registrar.socket, or give "
			    "it up with systemctl disable --now agent-registrar.socket");
}

static void warn_of_other(const struct listeners *passed, const char *name, unsigned int port,
			  bool has_addresses)
{
	if (has_addresses || (port != 0 && !has_port(passed, port)))
		log_warning("The port for --%s-port is systemd's, so the options for it have no "
			    "effect: change it with systemctl edit agent-registrar-%s.socket, or "
			    "give it up with systemctl disable --now agent-registrar-%s.socket",
			    name, name, name);
}

/* The one who has the users of the API knows the options only. */
static void check_api(struct listeners *passed, const struct options *options)
{
	if (passed->count == 0)
		return;
	if (options->api.enabled) {
		warn_of_other(passed, NAME_API, options->api.port, options->api.listen.count > 0);
		return;
	}
	log_warning("systemd has opened the port of the API, which is not served without "
		    "--api-port: add that to REGISTRAR_OPTIONS, or give the port up with systemctl "
		    "disable --now agent-registrar-api.socket");
	listeners_close(passed);
}

static int take_passed(struct ports *ret, const struct options *options, struct reason *why)
{
	const struct passed_kind kinds[] = {
		{ "authd", &ret->authd },
		{ NAME_API, &ret->api },
		{ NAME_ENROLL, &ret->enroll },
	};
	int r = listeners_take_passed(kinds, sizeof kinds / sizeof kinds[0], why);

	if (r < 0)
		return r;
	if (ret->authd.count > 0)
		warn_of_authd(options);
	check_api(&ret->api, options);
	if (ret->enroll.count > 0)
		warn_of_other(&ret->enroll, NAME_ENROLL, options->enroll.port, false);
	return 0;
}

/* ------------------------------------------------------------------ all of them */

/* Without addresses of their own, the API and the enrollment are where agents are registered. */
static int open_others(struct ports *ret, const struct options *options, struct reason *why)
{
	const struct text_list *all = &options->service.listen;
	const struct api_options *api = &options->api;
	int r = 0;

	if (ret->authd.count == 0)
		r = make_listeners(&ret->authd, all, options->service.port, why);
	if (r >= 0 && ret->api.count == 0 && api->enabled)
		r = make_listeners(&ret->api, api->listen.count > 0 ? &api->listen : all, api->port,
				   why);
	if (r >= 0 && ret->enroll.count == 0 && options->enroll.enabled)
		r = make_listeners(&ret->enroll, all, options->enroll.port, why);
	return r;
}

int ports_open(struct ports *ret, const struct options *options, struct reason *why)
{
	int r = take_passed(ret, options, why);

	return r < 0 ? r : open_others(ret, options, why);
}
