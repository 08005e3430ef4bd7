/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/transactions.h"

#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/log.h"

#include <errno.h>
#include <stdlib.h>

static const struct timeval lock_retry_time = { .tv_usec = 20 * 1000 };

#define LOCK_LOG_AFTER USEC_PER_SEC        /* of waiting for client.keys, for the first time */
#define LOCK_LOG_AGAIN (60 * USEC_PER_SEC) /* while it lasts */

struct transaction_list {
	struct transaction_entry *first, **end;
};

struct transactions {
	struct transactions_settings settings;
	struct agent_history history;
	struct event *commit;
	struct transaction_list waiting;
	bool records_failed;   /* the last time, and that was logged */
	bool secrets_failed;   /* the same */
	uint64_t locked_since; /* monotonic_usec(); 0: client.keys is not locked by others */
	uint64_t log_lock_at;
};

/* ------------------------------------------------------------------ lists */

static void list_init(struct transaction_list *list)
{
	*list = (struct transaction_list){ .end = &list->first };
}

static void list_append(struct transaction_list *list, struct transaction_entry *entry)
{
	entry->list = list;
	entry->next = NULL;
	entry->previous = list->end;
	*list->end = entry;
	list->end = &entry->next;
}

void transactions_remove(struct transaction_entry *entry)
{
	if (!entry->list)
		return;
	*entry->previous = entry->next;
	if (entry->next)
		entry->next->previous = entry->previous;
	else
		entry->list->end = entry->previous;
	entry->list = NULL;
}

static struct transaction_entry *list_take(struct transaction_list *list)
{
	struct transaction_entry *entry = list->first;

	if (entry)
		transactions_remove(entry);
	return entry;
}

static void move_all(struct transaction_list *to, struct transaction_list *from)
{
	struct transaction_entry *entry;

	while ((entry = list_take(from)))
		list_append(to, entry);
}

/* ------------------------------------------------------------------ a transaction */

static void fail_all(struct transaction_list *list, bool decided, const struct reason *why)
{
	struct transaction_entry *entry;

	while ((entry = list_take(list)))
		entry->callbacks->failed(entry->owner, decided, why);
}

static void give_up_old(struct transactions *transactions)
{
	struct transaction_list all;
	struct transaction_entry *entry;
	uint64_t now = monotonic_usec();

	list_init(&all);
	move_all(&all, &transactions->waiting);
	while ((entry = list_take(&all)))
		if (entry->give_up_at == 0 || now < entry->give_up_at)
			list_append(&transactions->waiting, entry);
		else
			entry->callbacks->gave_up(entry->owner);
}

/* client.keys is what counts: failures of the other files are logged, once until they work. */
static void write_records(struct transactions *transactions, const struct records *records)
{
	struct reason why;
	bool failed;

	if (records_are_empty(records))
		return;
	failed = records_write(records, &transactions->history, &why) < 0;
	if (failed && !transactions->records_failed)
		log_warning("%s", why.text);
	transactions->records_failed = failed;
}

/* Who needs them finds out what does not work. */
static void begin_secrets(struct transactions *transactions)
{
	struct reason why;
	bool failed;

	if (!transactions->settings.secrets)
		return;
	failed = agent_secrets_begin(transactions->settings.secrets, &why) < 0;
	if (failed && !transactions->secrets_failed)
		log_warning("%s", why.text);
	transactions->secrets_failed = failed;
}

/*
 * What is counted is on the disk before anybody has a key for it: a crash in between loses uses of
 * tokens, and never gives one more. One write counts for all who share the transaction.
 */
static int write_uses(struct transactions *transactions, struct reason *why)
{
	struct enroll_tokens *tokens = transactions->settings.tokens;

	return tokens ? enroll_tokens_store(tokens, (gid_t)-1, why) : 0;
}

/* A secret is on the disk before the key that it belongs to, with which it begins to count. */
static int commit(struct transactions *transactions, struct reason *why)
{
	struct agent_secrets *secrets = transactions->settings.secrets;
	int r = write_uses(transactions, why);

	if (r >= 0 && secrets)
		r = agent_secrets_write(secrets, why);
	if (r < 0)
		roster_cancel(transactions->settings.roster);
	else
		r = roster_commit(transactions->settings.roster, why);
	if (secrets)
		agent_secrets_end(secrets, r >= 0);
	return r;
}

/* The roster's transaction has begun. */
static void run(struct transactions *transactions)
{
	cleanup(records_clear) struct records records = { .first = NULL };
	struct transaction_list running;
	struct transaction_entry *entry;
	struct reason why;

	list_init(&running);
	move_all(&running, &transactions->waiting);
	begin_secrets(transactions);
	for (entry = running.first; entry; entry = entry->next)
		entry->callbacks->decide(entry->owner, transactions->settings.roster, &records);
	if (commit(transactions, &why) < 0) {
		fail_all(&running, true, &why);
		return;
	}
	write_records(transactions, &records);
	while ((entry = list_take(&running)))
		entry->callbacks->done(entry->owner);
}

/* Whoever may read the directory can hold the lock, by mistake or not: say who it is. */
static void note_lock(struct transactions *transactions)
{
	char holder[LOCK_HOLDER_SIZE];
	uint64_t now = monotonic_usec();

	if (transactions->locked_since == 0) {
		transactions->locked_since = now;
		transactions->log_lock_at = now + LOCK_LOG_AFTER;
	}
	if (now < transactions->log_lock_at)
		return;
	transactions->log_lock_at = now + LOCK_LOG_AGAIN;
	log_warning("Registrations wait: the directory of client.keys has been locked for %u "
		    "seconds by %s",
		    (unsigned int)((now - transactions->locked_since) / USEC_PER_SEC),
		    roster_lock_holder(transactions->settings.roster, holder));
}

static int begin(struct transactions *transactions, struct reason *why)
{
	const struct transactions_settings *settings = &transactions->settings;
	int r = settings->may_begin ? settings->may_begin(settings->owner, why) : 0;

	return r < 0 ? r : roster_begin(settings->roster, why);
}

static void fail_waiting(struct transactions *transactions, const struct reason *why)
{
	struct transaction_list failing;

	list_init(&failing);
	move_all(&failing, &transactions->waiting);
	fail_all(&failing, false, why);
}

/* Soon. If that cannot be planned, nobody may wait for it. */
static void try_again(struct transactions *transactions)
{
	struct reason why;

	if (event_add(transactions->commit, &lock_retry_time) == 0)
		return;
	(void)reason_errno(&why, ENOMEM, "Cannot wait for client.keys");
	fail_waiting(transactions, &why);
}

static void on_commit(evutil_socket_t fd, short what, void *argument)
{
	struct transactions *transactions = argument;
	struct reason why;
	int r;

	(void)fd, (void)what;
	if (!transactions->waiting.first)
		return;
	r = begin(transactions, &why);
	if (r != -EAGAIN)
		transactions->locked_since = 0;
	if (r == -EAGAIN) {
		note_lock(transactions);
		give_up_old(transactions);
		if (transactions->waiting.first)
			try_again(transactions);
	} else if (r < 0) {
		fail_waiting(transactions, &why);
	} else {
		run(transactions);
	}
}

void transactions_add(struct transactions *transactions, struct transaction_entry *entry)
{
	list_append(&transactions->waiting, entry);
	/* Behind whatever else is active in this round, so that what is ready by then joins in. */
	event_active(transactions->commit, EV_TIMEOUT, 1);
}

/* ------------------------------------------------------------------ the queue */

struct transactions *transactions_new(struct event_base *base,
				      const struct transactions_settings *settings)
{
	struct transactions *transactions = calloc(1, sizeof *transactions);

	if (!transactions)
		return NULL;
	transactions->settings = *settings;
	transactions->history = *settings->history;
	list_init(&transactions->waiting);
	transactions->commit = evtimer_new(base, on_commit, transactions);
	if (transactions->commit)
		return transactions;
	free(transactions);
	return NULL;
}

void transactions_free(struct transactions *transactions)
{
	if (!transactions)
		return;
	while (list_take(&transactions->waiting))
		;
	event_free(transactions->commit);
	free(transactions);
}
