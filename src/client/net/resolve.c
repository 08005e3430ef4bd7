/* SPDX-License-Identifier: ISC */
#include "client/net/net.h"

#include "common/cleanup.h"
#include "common/shortage.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>

#define CHECK_NAME_SERVERS "check the network, and /etc/resolv.conf"

/* Shared by the caller and the thread; the last one to release it frees it. */
struct query {
	char host[sizeof((struct endpoint *)NULL)->host];
	char service[8];
	int more_flags; /* AI_... */
	int done;       /* eventfd: readable when the thread has finished */
	int error;
	int saved_errno;
	struct addrinfo *result;
	atomic_int holders;
};

static void query_unref(struct query *query)
{
	if (atomic_fetch_sub(&query->holders, 1) > 1)
		return;
	if (query->result)
		freeaddrinfo(query->result);
	release_fd(&query->done);
	free(query);
}

DEFINE_RELEASE(query, struct query *, query_unref)

static int look_up(struct query *query, int flags)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICSERV | query->more_flags | flags,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};

	query->error = getaddrinfo(query->host, query->service, &hints, &query->result);
	query->saved_errno = errno;
	return query->error;
}

static void *look_up_in_thread(void *argument)
{
	struct query *query = argument;

	(void)look_up(query, AI_ADDRCONFIG);
	/*
	 * On a machine with only a loopback address, AI_ADDRCONFIG would hide a manager on
	 * loopback.
	 */
	if (query->error == EAI_ADDRFAMILY || query->error == EAI_NODATA ||
	    query->error == EAI_NONAME)
		(void)look_up(query, 0);
	(void)eventfd_write(query->done, 1);
	query_unref(query);
	return NULL;
}

static int start_thread(struct query *query)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	atomic_store(&query->holders, 2);
	error = pthread_create(&thread, &attributes, look_up_in_thread, query);
	if (error)
		atomic_store(&query->holders, 1);
	pthread_attr_destroy(&attributes);
	return -error;
}

/* Have the name services answered that there is no such name? */
static bool is_unknown(const struct query *query)
{
	return query->error == EAI_NONAME || query->error == EAI_NODATA ||
	       query->error == EAI_ADDRFAMILY;
}

static int failed(const struct query *query, struct reason *why)
{
	int error = query->error == EAI_SYSTEM   ? query->saved_errno
		    : query->error == EAI_MEMORY ? ENOMEM
						 : 0;

	if (is_shortage(error))
		return reason_errno(why, error, "Cannot resolve %s", query->host);
	if (error != 0)
		(void)reason_errno(why, error, "Cannot resolve %s", query->host);
	else
		reason_set(why, "Cannot resolve %s: %s; %s", query->host,
			   gai_strerror(query->error),
			   is_unknown(query) ? "check its spelling, and add it to DNS or /etc/hosts"
					     : CHECK_NAME_SERVERS);
	return OUTCOME_UNREACHABLE;
}

/* Null with `why` set when there is no memory. */
static struct query *new_query(const char *host, uint16_t port, struct reason *why)
{
	struct query *query = calloc(1, sizeof *query);

	if (!query) {
		(void)reason_errno(why, ENOMEM, "Cannot resolve %s", host);
		return NULL;
	}
	atomic_init(&query->holders, 1);
	(void)snprintf(query->host, sizeof query->host, "%s", host);
	(void)snprintf(query->service, sizeof query->service, "%u", (unsigned)port);
	query->done = -1;
	return query;
}

/* Look it up in a thread. Returns OUTCOME_OK when that has ended, with or without a result. */
static int look_up_until(struct query *query, const struct deadline *deadline, struct reason *why)
{
	int r;

	query->done = eventfd(0, EFD_CLOEXEC);
	r = query->done < 0 ? -errno : start_thread(query);
	if (r < 0)
		return reason_errno(why, r, "Cannot start resolving %s", query->host);
	r = deadline_wait(deadline, query->done, POLLIN);
	if (r != -ETIMEDOUT)
		return r < 0 ? r : OUTCOME_OK;
	reason_set(why, "Cannot resolve %s: no name server answered in time; " CHECK_NAME_SERVERS,
		   query->host);
	return OUTCOME_UNREACHABLE;
}

int net_resolve(const struct endpoint *endpoint, const struct deadline *deadline,
		struct addrinfo **ret, struct reason *why)
{
	cleanup(release_query) struct query *query = new_query(endpoint->host, endpoint->port, why);
	int r = query ? OUTCOME_OK : -ENOMEM;

	if (r == OUTCOME_OK && endpoint_is_literal(endpoint))
		(void)look_up(query, AI_NUMERICHOST);
	else if (r == OUTCOME_OK)
		r = look_up_until(query, deadline, why);
	if (r != OUTCOME_OK)
		return r;
	if (query->error)
		return failed(query, why);
	*ret = take_pointer(query->result);
	return OUTCOME_OK;
}

int net_canonical_name(const char *host, const struct deadline *deadline,
		       char ret[static NET_NAME_SIZE], struct reason *why)
{
	cleanup(release_query) struct query *query = new_query(host, 1, why);
	int r;

	if (!query)
		return -ENOMEM;
	query->more_flags = AI_CANONNAME;
	r = look_up_until(query, deadline, why);
	if (r != OUTCOME_OK)
		return r;
	if (query->error && !is_unknown(query))
		return failed(query, why);
	(void)snprintf(ret, NET_NAME_SIZE, "%s",
		       query->error || !query->result->ai_canonname ? ""
								    : query->result->ai_canonname);
	return OUTCOME_OK;
}
