/* SPDX-License-Identifier: ISC */
#include "registrar/net/peer-log.h"

#include "common/log.h"
#include "common/random-bytes.h"
#include "registrar/net/client-network.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGISTRAR_MESSAGE_NOT_LOGGED "0b6c2f6f0a5e4d1c9d9a1c55b7f1f3a8"

#define ENTRIES 512 /* sources that are counted by themselves */
#define PROBES 8

static const struct timeval period = { .tv_sec = PEER_LOG_PERIOD };

static const char *const event_texts[] = {
	[PEER_NO_TLS] = "TLS handshake failed",
	[PEER_CLEAR_TEXT] = "not TLS",
	[PEER_GONE] = "closed without a request",
	[PEER_TIMEOUT] = "timed out",
	[PEER_FLOOD] = "TLS messages without end",
	[PEER_OTHER_HOST] = "certificate of another host",
	[PEER_TOO_LONG] = "request too long",
	[PEER_TURNED_AWAY] = "turned away",
	[PEER_GAVE_WAY] = "closed to make room",
	[PEER_WRONG_PASSWORD] = "wrong password or secret",
	[PEER_REFUSED] = "request refused",
	[PEER_IGNORED_FIELDS] = "end of the request ignored",
	[PEER_FAILED] = "request failed here",
};

/* The lines of a source in this period. */
struct entry {
	struct client_network source; /* family 0: free */
	char address[INET6_ADDRSTRLEN];
	unsigned int logged;
	unsigned long counted; /* instead of being logged; in all, and by event */
	unsigned int events[PEER_EVENT_COUNT];
};

struct peer_log {
	struct event *timer; /* pending: the period runs */
	uint64_t seed;       /* secret, so that nobody can aim at one place */
	unsigned int logged;
	unsigned long counted_elsewhere; /* of sources that have no entry */
	struct entry entries[ENTRIES];
};

/* ------------------------------------------------------------------ the counts as lines */

static void add_counts(char *text, size_t size, const struct entry *entry)
{
	size_t used = 0;

	text[0] = '\0';
	for (int i = 0; i < PEER_EVENT_COUNT && used < size; i++)
		if (entry->events[i] > 0)
			used += (size_t)snprintf(text + used, size - used, "%s%s: %u",
						 used > 0 ? ", " : "", event_texts[i],
						 entry->events[i]);
}

static void log_entry(const struct entry *entry)
{
	bool is_network = entry->source.family == AF_INET6;
	char counts[640], number[24];
	const struct log_field fields[] = {
		{ "PEER", entry->address },
		{ "COUNT", number },
		{ 0 },
	};

	(void)snprintf(number, sizeof number, "%lu", entry->counted);
	add_counts(counts, sizeof counts, entry);
	log_event(LOG_NOTICE, REGISTRAR_MESSAGE_NOT_LOGGED, fields,
		  "%s%s: %lu more in %d seconds, not logged one by one (%s)",
		  entry->address[0] ? entry->address : "Unknown address", is_network ? "/64" : "",
		  entry->counted, PEER_LOG_PERIOD, counts);
}

static int compare_counts(const void *a, const void *b)
{
	unsigned long one = (*(const struct entry *const *)a)->counted;
	unsigned long other = (*(const struct entry *const *)b)->counted;

	return (one < other) - (one > other);
}

static void log_rest(unsigned long lines, size_t sources, bool others)
{
	char number[24];
	const struct log_field fields[] = { { "COUNT", number }, { 0 } };

	(void)snprintf(number, sizeof number, "%lu", lines);
	log_event(LOG_NOTICE, REGISTRAR_MESSAGE_NOT_LOGGED, fields,
		  "%lu more in %d seconds from %s%zu other addresses, not logged one by one", lines,
		  PEER_LOG_PERIOD, others ? "more than " : "", sources);
}

/* Those with the most first. */
static void log_counts(struct peer_log *log)
{
	const struct entry *counted[ENTRIES];
	unsigned long rest = log->counted_elsewhere;
	size_t n = 0;

	for (size_t i = 0; i < ENTRIES; i++)
		if (log->entries[i].counted > 0)
			counted[n++] = &log->entries[i];
	qsort(counted, n, sizeof(struct entry *), compare_counts);
	for (size_t i = 0; i < n; i++)
		if (i < PEER_LOG_SUMMARIES)
			log_entry(counted[i]);
		else
			rest += counted[i]->counted;
	if (rest > 0)
		log_rest(rest, n > PEER_LOG_SUMMARIES ? n - PEER_LOG_SUMMARIES : 0,
			 log->counted_elsewhere > 0);
}

static void on_period(evutil_socket_t fd, short what, void *argument)
{
	struct peer_log *log = argument;

	(void)fd, (void)what;
	log_counts(log);
	memset(log->entries, 0, sizeof log->entries);
	log->counted_elsewhere = 0;
	log->logged = 0;
}

/* ------------------------------------------------------------------ asking */

/* The entry of a source, made if there is a place for it; null: there is none. */
static struct entry *find_entry(struct peer_log *log, const char *address)
{
	struct client_network source = client_network_of(address);
	uint64_t hash = client_network_hash(&source, log->seed);

	for (size_t i = 0; i < PROBES; i++) {
		struct entry *entry = &log->entries[(hash + i) % ENTRIES];

		if (entry->source.family == 0) {
			entry->source = source;
			(void)snprintf(entry->address, sizeof entry->address, "%s", address);
			return entry;
		}
		if (client_network_is_same(&entry->source, &source))
			return entry;
	}
	return NULL;
}

bool peer_log_may(struct peer_log *log, const char *address, enum peer_event event)
{
	struct entry *entry;

	if (log_is_enabled(LOG_DEBUG))
		return true;
	if (!evtimer_pending(log->timer, NULL))
		(void)event_add(log->timer, &period);
	entry = find_entry(log, address);
	if (entry && entry->logged < PEER_LOG_EACH && log->logged < PEER_LOG_ALL) {
		entry->logged++;
		log->logged++;
		return true;
	}
	if (entry) {
		entry->counted++;
		entry->events[event]++;
	} else {
		log->counted_elsewhere++;
	}
	return false;
}

struct peer_log *peer_log_new(struct event_base *base)
{
	struct peer_log *log = calloc(1, sizeof *log);

	if (!log)
		return NULL;
	log->timer = evtimer_new(base, on_period, log);
	if (log->timer && random_bytes(&log->seed, sizeof log->seed) == 0)
		return log;
	if (log->timer)
		event_free(log->timer);
	free(log);
	return NULL;
}

void peer_log_free(struct peer_log *log)
{
	if (!log)
		return;
	log_counts(log);
	event_free(log->timer);
	free(log);
}
