/* SPDX-License-Identifier: ISC */
#include "registrar/authd/authd.h"

#include "common/deadline.h"
#include "common/log.h"
#include "registrar/authd/connection.h"
#include "registrar/authd/delayed-refusal.h"
#include "registrar/authd/ending.h"
#include "registrar/authd/ignored-fields.h"
#include "registrar/net/acceptor.h"
#include "registrar/net/admission.h"
#include "registrar/net/priority.h"
#include "registrar/registry/refusal-log.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Seconds for a locked client.keys: agents themselves wait for 30. */
#define PATIENCE 10

static const struct timeval linger_time = { .tv_sec = 2 };

struct authd {
	struct authd_settings settings;
	struct registry *registry;
	struct event_base *base;
	struct acceptor *acceptor;
	struct admission *admission;
	struct turns *turns; /* of those who are served last */
	struct connection_settings connection_settings;
	struct connection *connections;
	unsigned long registered, refused;
};

/* A readable request, which the registry has. */
struct pending_request {
	struct registry_request asked;
	struct agent_registration *registration; /* owned */
	struct authd *authd;
	struct connection *connection;
};

static bool may_log(const struct authd *authd, const struct connection *connection,
		    enum peer_event event)
{
	return peer_log_may(authd->settings.peers->log, connection_peer(connection)->address,
			    event);
}

static void report_change(struct authd *authd)
{
	authd->settings.changed(authd->settings.owner);
}

/* ------------------------------------------------------------------ requests and answers */

static void free_request(struct connection *connection)
{
	struct connection_link *link = connection_link(connection);
	struct pending_request *request = link->request;

	if (!request)
		return;
	link->request = NULL;
	registry_withdraw(&request->asked);
	agent_registration_free(request->registration);
	free(request);
}

static void on_answered(void *owner, struct registry_answer *answered)
{
	struct pending_request *request = owner;
	struct authd *authd = request->authd;
	struct connection *connection = request->connection;
	const struct registration_decision *decision = &answered->decision;
	enum dialect dialect = authd->settings.dialect;
	struct answer answer;

	if (decision->fault == REGISTRATION_OK) {
		authd->registered++;
		admission_forgive(authd->admission, connection_peer(connection)->address);
		answer_key(&answer, dialect, &decision->agent, decision->shown_ip);
	} else {
		authd->refused++;
		answer_refusal(&answer, dialect, decision->refusal);
	}
	free_request(connection);
	connection_answer(connection, &answer);
	explicit_bzero(&answer, sizeof answer);
	report_change(authd);
}

/* Refuse the more slowly, the more wrong passwords come from the client's source. */
static void answer_wrong_password(struct authd *authd, struct connection *connection,
				  const struct answer *answer)
{
	struct connection_link *link = connection_link(connection);
	uint64_t delay = admission_delay_refusal(authd->admission,
						 connection_peer(connection)->address);

	if (delay > 0)
		link->refusal = delayed_refusal_new(authd->base, connection, answer, delay,
						    &link->refusal);
	if (link->refusal)
		admission_set_idle(authd->admission, &link->source, true);
	else
		connection_answer(connection, answer);
}

/* Wrong password, or not a request: there is nothing to decide, and nothing to wait for. */
static void answer_fault_at_once(struct authd *authd, struct connection *connection,
				 enum authd_request_fault fault)
{
	const struct authd_field name = connection_agent_name(connection);
	bool wrong_password = fault == AUTHD_REQUEST_PASSWORD;
	struct answer answer;

	authd->refused++;
	if (may_log(authd, connection, wrong_password ? PEER_WRONG_PASSWORD : PEER_REFUSED))
		refusal_log(&name, authd_request_fault_text(fault), "",
			    connection_peer(connection)->text, authd->settings.password);
	answer_fault(&answer, authd->settings.dialect, fault);
	if (wrong_password)
		answer_wrong_password(authd, connection, &answer);
	else
		connection_answer(connection, &answer);
	report_change(authd);
}

static uint64_t patience_usec(const struct authd *authd)
{
	unsigned int timeout = authd->settings.timeout;

	return (timeout < PATIENCE ? timeout : PATIENCE) * USEC_PER_SEC;
}

/* Ask the registry. False: out of memory. */
static bool ask(struct authd *authd, struct connection *connection, enum authd_request_fault fault,
		const struct authd_request_fields *fields)
{
	const struct agent_registration registration = {
		.way = REGISTRATION_BY_AUTHD,
		.peer = *connection_peer(connection),
		.fields = *fields,
		.fault = fault,
	};
	struct pending_request *request = calloc(1, sizeof *request);

	if (!request)
		return false;
	*request = (struct pending_request){
		.registration = agent_registration_copy(&registration),
		.authd = authd,
		.connection = connection,
	};
	request->asked = (struct registry_request){
		.type = REGISTRY_REGISTER,
		.registration = request->registration,
		.give_up_at = monotonic_usec() + patience_usec(authd),
		.answered = on_answered,
		.owner = request,
	};
	connection_link(connection)->request = request;
	return request->registration && registry_submit(authd->registry, &request->asked) == 0;
}

/* The registry could not be asked: the client tries again, as after any fault of the manager's. */
static void refuse_for_memory(struct authd *authd, struct connection *connection,
			      const struct authd_request_fields *fields)
{
	const struct agent_registration registration = { .fields = *fields };
	struct registration_decision decision;
	struct answer answer;

	log_error("Out of memory: refused %s", connection_peer(connection)->text);
	authd->refused++;
	agent_registration_fail(&decision, &registration);
	answer_refusal(&answer, authd->settings.dialect, decision.refusal);
	connection_answer(connection, &answer);
	report_change(authd);
}

static void on_request(void *owner, struct connection *connection)
{
	struct authd *authd = owner;
	const struct authd_request_fields *fields;
	enum authd_request_fault fault = connection_request(connection, &fields);

	admission_set_idle(authd->admission, &connection_link(connection)->source, false);
	if (!authd_request_has_fields(fault)) {
		answer_fault_at_once(authd, connection, fault);
		return;
	}
	if (fault == AUTHD_REQUEST_OK && fields->rest.text &&
	    may_log(authd, connection, PEER_IGNORED_FIELDS))
		ignored_fields_log(fields, connection_peer(connection)->text);
	if (ask(authd, connection, fault, fields))
		return;
	free_request(connection);
	refuse_for_memory(authd, connection, fields);
}

/* ------------------------------------------------------------------ connections come and go */

/* Those of a source that has many, or misbehaved, are served when there is nothing else to do. */
static void prioritise(struct authd *authd, struct connection *connection)
{
	bool should_wait = admission_should_wait(authd->admission,
						 connection_peer(connection)->address);

	connection_set_priority(connection, should_wait ? PRIORITY_LATER : PRIORITY_NORMAL);
}

static void on_waits(void *owner, struct connection *connection)
{
	struct authd *authd = owner;

	prioritise(authd, connection);
	admission_set_idle(authd->admission, &connection_link(connection)->source, true);
}

static void on_ended(void *owner, struct connection *connection, enum connection_end how,
		     const char *detail)
{
	struct authd *authd = owner;
	struct connection_link *link = connection_link(connection);

	ending_note(connection, how, detail, authd->settings.peers->log, authd->admission,
		    acceptor_count(authd->acceptor));
	free_request(connection);
	delayed_refusal_free(link->refusal);
	admission_leave(authd->admission, &link->source);
	if (link->previous)
		connection_link(link->previous)->next = link->next;
	else
		authd->connections = link->next;
	if (link->next)
		connection_link(link->next)->previous = link->previous;
	acceptor_closed(authd->acceptor);
	report_change(authd);
}

static struct connection *connection_of(const struct source_member *member)
{
	const struct connection_link *link =
		(const void *)((const char *)member - offsetof(struct connection_link, source));

	return link->self;
}

static int descriptor_of(const struct source_member *member)
{
	return connection_descriptor(connection_of(member));
}

static void give_way(struct source_member *member)
{
	connection_stop(connection_of(member), CONNECTION_GAVE_WAY);
}

static bool make_room(void *owner)
{
	struct authd *authd = owner;

	return admission_make_room(authd->admission);
}

/* False: the client is turned away, which is logged. */
static bool admit(struct authd *authd, const struct peer *peer)
{
	size_t open = acceptor_count(authd->acceptor) + 1;

	if (admission_may_enter(authd->admission, peer->address, open))
		return true;
	acceptor_turned_away(authd->acceptor);
	if (peer_log_may(authd->settings.peers->log, peer->address, PEER_TURNED_AWAY))
		log_notice("Turned away %s: %zu connections are open, and its address misbehaved "
			   "lately",
			   peer->text, open);
	return false;
}

static void keep(struct authd *authd, struct connection *connection)
{
	struct connection_link *link = connection_link(connection);

	link->self = connection;
	link->next = authd->connections;
	if (link->next)
		connection_link(link->next)->previous = connection;
	authd->connections = connection;
	acceptor_opened(authd->acceptor);
	report_change(authd);
	prioritise(authd, connection);
	if (!admission_enter(authd->admission, &link->source, connection_peer(connection)->address))
		connection_stop(connection, CONNECTION_STOPPED);
}

static void on_accepted(void *owner, int fd, const struct sockaddr_storage *address)
{
	struct authd *authd = owner;
	const int on = 1;
	struct connection *connection;
	struct peer peer;

	peer_describe(&peer, address);
	if (!admit(authd, &peer)) {
		close(fd);
		return;
	}
	/* An answer is two small records: the second is not to wait until the first has arrived. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	connection = connection_new(&authd->connection_settings, fd, address);
	if (connection)
		keep(authd, connection);
	else
		log_error("Out of memory: a connection was dropped");
}

/* ------------------------------------------------------------------ the whole */

struct authd_counts authd_counts(const struct authd *authd)
{
	return (struct authd_counts){
		.registered = authd->registered,
		.refused = authd->refused,
		.connections = acceptor_count(authd->acceptor),
	};
}

void authd_stop(struct authd *authd)
{
	struct connection *next = authd->connections;

	acceptor_stop(authd->acceptor);
	while (next) {
		struct connection *connection = next;
		struct connection_link *link = connection_link(connection);

		next = link->next;
		if (link->refusal)
			delayed_refusal_send(link->refusal);
		else if (!link->request && !connection_is_answering(connection))
			connection_stop(connection, CONNECTION_STOPPED);
	}
}

static bool set_up(struct authd *authd, struct event_base *base)
{
	const struct authd_settings *settings = &authd->settings;
	const struct acceptor_settings acceptor = {
		.base = base,
		.max_connections = settings->max_connections,
		.target = "",
		.limit_option = "--max-connections",
		.make_room = make_room,
		.owner = authd,
	};
	const struct admission_settings admission = {
		.max_connections = settings->max_connections,
		.max_per_source = settings->peers->max_per_source,
		.exempt = settings->peers->exempt,
		.offences = settings->peers->offences,
		.descriptor_of = descriptor_of,
		.give_way = give_way,
	};
	const struct timeval timeout = { .tv_sec = settings->timeout };

	authd->turns = turns_new(base, PRIORITY_LAST);
	authd->connection_settings = (struct connection_settings){
		.base = base,
		.tls = settings->tls,
		.password = settings->password,
		.verify_host = settings->verify_host,
		.dialect = settings->dialect,
		.timeout = event_base_init_common_timeout(base, &timeout),
		.linger = event_base_init_common_timeout(base, &linger_time),
		.turns = authd->turns,
		.owner = { .request = on_request,
			   .waits = on_waits,
			   .ended = on_ended,
			   .owner = authd },
	};
	authd->base = base;
	authd->admission = admission_new(&admission);
	authd->acceptor = acceptor_new(&acceptor);
	return authd->connection_settings.timeout && authd->connection_settings.linger &&
	       authd->admission && authd->acceptor && authd->turns &&
	       acceptor_listen(authd->acceptor, settings->listeners, on_accepted, authd) == 0;
}

struct authd *authd_new(struct event_base *base, const struct authd_settings *settings,
			struct registry *registry)
{
	struct authd *authd = calloc(1, sizeof *authd);

	if (!authd)
		return NULL;
	authd->settings = *settings;
	authd->registry = registry;
	if (set_up(authd, base))
		return authd;
	authd_free(authd);
	return NULL;
}

void authd_use(struct authd *authd, SSL_CTX *tls, const char *password, enum dialect dialect)
{
	authd->settings.dialect = authd->connection_settings.dialect = dialect;
	authd->settings.tls = authd->connection_settings.tls = tls;
	authd->settings.password = authd->connection_settings.password = password;
	for (struct connection *at = authd->connections; at; at = connection_link(at)->next)
		connection_use_password(at, password);
}

void authd_free(struct authd *authd)
{
	if (!authd)
		return;
	if (authd->acceptor)
		acceptor_stop(authd->acceptor);
	while (authd->connections)
		connection_stop(authd->connections, CONNECTION_STOPPED);
	turns_free(authd->turns);
	admission_free(authd->admission);
	acceptor_free(authd->acceptor);
	free(authd);
}
