/* SPDX-License-Identifier: ISC */
#include "registrar/authd/batch.h"

#include "common/cleanup.h"
#include "common/log.h"
#include "registrar/enrollment/log.h"
#include "registrar/enrollment/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct timeval lock_retry_time = { .tv_usec = 20 * 1000 };

struct batch {
	struct roster *roster;
	const struct enrollment_policy *policy;
	void (*answered)(void *owner);
	void *owner;
	struct event *commit;
	struct connection *first, **end; /* by connection_link()->next_ready */
	size_t count;
	struct batch_counts counts;
	bool records_warned;
};

static void forget_ready(struct batch *batch)
{
	batch->first = NULL;
	batch->end = &batch->first;
	batch->count = 0;
}

static void answer_enrollment(struct batch *batch, struct connection *connection,
			      struct enrollment *enrollment)
{
	enum dialect dialect = batch->policy->dialect;
	const char *peer = connection_peer(connection);
	struct answer answer;

	if (enrollment->accepted) {
		batch->counts.registered++;
		enrollment_log_registered(enrollment, peer);
		answer_key(&answer, dialect, &enrollment->agent, enrollment->shown_ip);
	} else {
		batch->counts.refused++;
		if (enrollment->fault == ENROLLMENT_INTERNAL)
			enrollment_log_failed(enrollment, peer);
		else
			enrollment_log_refused(enrollment->refusal, enrollment->why.text, peer);
		answer_refusal(&answer, dialect, enrollment->refusal);
	}
	connection_answer(connection, &answer);
	explicit_bzero(&answer, sizeof answer);
}

/* Wrong password, or not a request: there is nothing to decide, and nothing to wait for. */
static void answer_unreadable(struct batch *batch, struct connection *connection,
			      enum authd_request_fault fault)
{
	struct answer answer;

	batch->counts.refused++;
	enrollment_log_refused(answer_fault_text(fault), "", connection_peer(connection));
	answer_fault(&answer, batch->policy->dialect, fault);
	connection_answer(connection, &answer);
}

void batch_take(struct batch *batch, struct connection *connection)
{
	struct connection_link *link = connection_link(connection);
	struct authd_request_fields fields;
	enum authd_request_fault fault = connection_request(connection, &fields);

	if (fault != AUTHD_REQUEST_OK) {
		answer_unreadable(batch, connection, fault);
		batch->answered(batch->owner);
		return;
	}
	link->is_ready = true;
	link->next_ready = NULL;
	*batch->end = connection;
	batch->end = &link->next_ready;
	batch->count++;
	/*
	 * Behind whatever else is active in this round, so that what is ready by then is written
	 * together.
	 */
	event_active(batch->commit, EV_TIMEOUT, 1);
}

/* Decide on all that are ready, within one transaction. */
static void decide(struct batch *batch, struct enrollment *enrollments)
{
	size_t i = 0;

	for (struct connection *at = batch->first; at; at = connection_link(at)->next_ready, i++) {
		struct enrollment_request request = { .peer = connection_address(at) };

		(void)connection_request(at, &request.fields);
		enrollment_decide(&enrollments[i], batch->roster, batch->policy, &request);
	}
}

/* Nobody could be registered, because of this machine. */
static void refuse_all(struct batch *batch, struct enrollment *enrollments,
		       const struct reason *why)
{
	size_t i = 0;

	for (struct connection *at = batch->first; at; at = connection_link(at)->next_ready, i++) {
		struct authd_request_fields fields;

		(void)connection_request(at, &fields);
		enrollment_fail(&enrollments[i], &fields, why);
	}
}

static void answer_all(struct batch *batch, struct enrollment *enrollments)
{
	struct connection *next = batch->first;

	forget_ready(batch);
	for (size_t i = 0; next; i++) {
		struct connection *connection = next;

		next = connection_link(connection)->next_ready;
		connection_link(connection)->is_ready = false;
		answer_enrollment(batch, connection, &enrollments[i]);
		enrollment_wipe(&enrollments[i]);
	}
	batch->answered(batch->owner);
}

/* What the records are good for can wait for the next agent: trouble with it is logged once. */
static void write_records(struct batch *batch, const struct enrollment *enrollments)
{
	cleanup(records_clear) struct records records = { .first = NULL };
	struct reason why;

	for (size_t i = 0; i < batch->count; i++)
		records_add(&records, &enrollments[i]);
	if (records_write(&records, &batch->policy->history, &why) >= 0 || batch->records_warned)
		return;
	log_warning("%s", why.text);
	batch->records_warned = true;
}

static void on_commit(evutil_socket_t fd, short what, void *argument)
{
	struct batch *batch = argument;
	cleanup_free struct enrollment *enrollments = NULL;
	struct reason why;
	int r;

	(void)fd, (void)what;
	if (batch->count == 0)
		return;
	enrollments = calloc(batch->count, sizeof *enrollments);
	r = enrollments ? roster_begin(batch->roster, &why) : -EAGAIN;
	if (r == -EAGAIN) {
		(void)event_add(batch->commit, &lock_retry_time);
		return;
	}
	if (r < 0) {
		refuse_all(batch, enrollments, &why);
		answer_all(batch, enrollments);
		return;
	}
	decide(batch, enrollments);
	r = roster_commit(batch->roster, &why);
	if (r < 0)
		for (size_t i = 0; i < batch->count; i++)
			enrollment_revoke(&enrollments[i], &why);
	write_records(batch, enrollments);
	answer_all(batch, enrollments);
}

/* ------------------------------------------------------------------ from outside */

void batch_drop(struct batch *batch, struct connection *connection)
{
	struct connection **at = &batch->first;

	if (!connection_link(connection)->is_ready)
		return;
	while (*at != connection)
		at = &connection_link(*at)->next_ready;
	*at = connection_link(connection)->next_ready;
	if (!*at)
		batch->end = at;
	batch->count--;
	connection_link(connection)->is_ready = false;
}

struct batch_counts batch_counts(const struct batch *batch)
{
	return batch->counts;
}

struct batch *batch_new(struct event_base *base, struct roster *roster,
			const struct enrollment_policy *policy, void (*answered)(void *owner),
			void *owner)
{
	struct batch *batch = calloc(1, sizeof *batch);

	if (!batch)
		return NULL;
	*batch = (struct batch){
		.roster = roster,
		.policy = policy,
		.answered = answered,
		.owner = owner,
		.commit = evtimer_new(base, on_commit, batch),
	};
	forget_ready(batch);
	if (batch->commit)
		return batch;
	free(batch);
	return NULL;
}

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	event_free(batch->commit);
	free(batch);
}
