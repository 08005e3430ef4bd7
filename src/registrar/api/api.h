/* SPDX-License-Identifier: ISC */
/*
 * The registrar's API: those calls of Wazuh's RESTful API, version 4, that concern registration,
 * over HTTPS.
 *
 *	POST   /security/user/authenticate      Basic -> token (GET as well, as before 4.4)
 *	DELETE /security/user/authenticate      end the user's tokens
 *	GET    /                                title and version of the API
 *	POST   /agents                          register, replacing an old agent if asked to
 *	POST   /agents/insert                   the same with a given id and key
 *	POST   /agents/insert/quick             register by name alone
 *	GET    /agents                          who is registered
 *	GET    /agents/{id}/key                 hand out a key again
 *	DELETE /agents                          remove
 *	PUT    /agents/{id}/group/{group}       put an agent into a group
 *	GET    /groups                          the groups of the manager
 *
 * of version 5, those that concern enrollment tokens:
 *
 *	POST   /agents/enrollment-tokens        create one
 *	GET    /agents/enrollment-tokens        which ones there are
 *	DELETE /agents/enrollment-tokens        revoke some, or remove them
 *	DELETE /agents/enrollment-tokens/{id}   revoke one
 *
 * and those of the enrollment of Wazuh 5:
 *
 *	POST   /wazuh-manager/enroll            register, by a bearer that proves the registration
 *	                                        password
 *	GET    /wazuh-manager/cacerts           the CA of our certificate
 *
 * It shares the event loop, the TLS context and the registry with the registration service. A
 * request passes, in this order, the request limit, the list of calls (404, 405), the lock-out, the
 * login or token (401), the parameters and the body (400, 406, 413, 415), and then waits for the
 * registry: requests that arrive together share one lock and one flush, and are answered when what
 * they changed is on the disk.
 */
#pragma once

#include "common/must-check.h"
#include "common/reason.h"
#include "registrar/api/limits.h"
#include "registrar/net/authorities.h"
#include "registrar/net/listener.h"
#include "registrar/net/peer-rules.h"
#include "registrar/registry/registry.h"

#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#define API_CONNECTIONS_MAX 256 /* at a time, with as many descriptors as it wants */

/* What is pointed to outlives the API. */
struct api_settings {
	const struct listeners *listeners;        /* none: there is no API */
	const struct listeners *enroll_listeners; /* where the enrollment is served, alone */
	SSL_CTX *tls;
	const struct authorities *authorities; /* handed out; null: none */
	bool demands_password;                 /* for enrolling; the registry knows it */
	struct api_limits_settings limits;
	/* at the limit others give way (net/admission.h), or wait; at most API_CONNECTIONS_MAX */
	unsigned int max_connections;
	const struct peer_rules *peers;
	unsigned int timeout; /* seconds that a client may take for a request */
};

struct api;

/*
 * Begin to serve; the registry outlives the API. Returns 0; or a negative errno with `why` set:
 * -ENOTSUP from a registrar that was built without the API.
 */
int api_new(struct api **ret, struct event_base *base, const struct api_settings *settings,
	    struct registry *registry, struct reason *why) must_check;

/*
 * Use another certificate for new connections, and hand out other CAs, which both outlive the API,
 * or the next call; and demand a password for enrollments, or none.
 */
void api_use(struct api *api, SSL_CTX *tls, const struct authorities *authorities,
	     bool demands_password);

/* Accept no more connections; answers under way are let out. */
void api_stop(struct api *api);

/* Is an answer still under way? */
bool api_is_busy(const struct api *api) must_check;

/* Close everything, whatever its state; null is allowed. Call it outside of the loop. */
void api_free(struct api *api);

/* Can there be an API? Returns 0; or -ENOTSUP with `why` set: this program was built without. */
int api_exists(struct reason *why) must_check;
