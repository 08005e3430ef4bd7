/* SPDX-License-Identifier: ISC */
/*
 * Who may connect when there are many: as sshd's MaxStartups, PerSourceMaxStartups and
 * PerSourcePenalties, and like them without effect as long as there is plenty of room.
 *
 * From three quarters of the limit on, idle connections of a source that has many are closed for
 * its next ones, and sources that misbehaved are turned away. At the limit the longest idle
 * connection of the source with the most goes, so that nobody has to wait. One counts as idle for
 * that when its client has been waited for, and has sent nothing, for a second: many honest clients
 * that come at the same time wait for each other instead. Whose connections had to give way again
 * and again, while none of them registered an agent, has misbehaved, and is turned away; and its
 * connections give way even when they have sent something that has not been looked at.
 *
 * Addresses behind which there are many clients can be exempted: each of their connections counts
 * as a source of its own, and what they do is not held against them.
 */
#pragma once

#include "common/must-check.h"
#include "registrar/net/network-list.h"
#include "registrar/net/offences.h"
#include "registrar/net/sources.h"

#include <stdbool.h>
#include <stddef.h>

struct admission;

/* What is pointed to outlives the admission. */
struct admission_settings {
	size_t max_connections;
	size_t max_per_source; /* 0: an eighth of them */
	const struct network_list *exempt;
	struct offences *offences; /* of all ports */
	/* The socket, to see whether the client has sent what has not been read yet. */
	int (*descriptor_of)(const struct source_member *member);
	/* Close this connection now or soon: it gives way to another one. */
	void (*give_way)(struct source_member *member);
};

/* Returns null when out of memory or without random numbers. */
struct admission *admission_new(const struct admission_settings *settings) must_check;

/* All members have left before. Null is allowed. */
void admission_free(struct admission *admission);

/*
 * May a connection from this numeric address come in, as number `open` of those that are open?
 * Another one of its source may have to give way for it.
 */
bool admission_may_enter(struct admission *admission, const char *address, size_t open) must_check;

/*
 * A connection from this address has come in. It is a member, and idle, until admission_leave().
 * False: out of memory.
 */
bool admission_enter(struct admission *admission, struct source_member *member,
		     const char *address) must_check;

/*
 * Should connections from this address be served after those of others? Yes, if it has many of
 * them, or misbehaved.
 */
bool admission_should_wait(struct admission *admission, const char *address) must_check;

/*
 * The connection waits for its client from now on, and has got somewhere before (true); or the
 * client waits for us (false).
 */
void admission_set_idle(struct admission *admission, struct source_member *member, bool idle);

/*
 * The connection waits for its client, who has got all that it has asked for: when others have no
 * room, it may be closed without patience. Until admission_set_idle().
 */
void admission_set_at_rest(struct admission *admission, struct source_member *member);

/* Without effect on a connection that is no member, or has been one. */
void admission_leave(struct admission *admission, struct source_member *member);

/*
 * Close an idle connection, because there is no room for one more. False: none is idle for long
 * enough.
 */
bool admission_make_room(struct admission *admission);

/* The client at this address misbehaved. */
void admission_offence(struct admission *admission, const char *address, enum offence offence);

/*
 * The client at this address has left without asking for anything. That is an offence when room is
 * short, with `open` connections: who comes and goes holds places that others wait for.
 */
void admission_wasted(struct admission *admission, const char *address, size_t open);

/* The client at this address has registered an agent. */
void admission_forgive(struct admission *admission, const char *address);

/*
 * How long the refusal of a wrong password from this address has to wait, in microseconds; the
 * offence is counted.
 */
uint64_t admission_delay_refusal(struct admission *admission, const char *address);
