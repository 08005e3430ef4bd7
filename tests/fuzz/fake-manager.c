/* SPDX-License-Identifier: ISC */
#include "fake-manager.h"

#include "clock.h"

#include "client/conversation/wire.h"
#include "common/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MARK 0xFF
#define RECORD_MAX 16384
#define FILLER_SIZE (2 * 1024 * 1024)
#define USEC_PER_TENTH UINT64_C(100000)

struct tls_client {
	bool was_reset, was_closed;
};

static struct {
	const uint8_t *at, *end;
	size_t filler; /* letters that are left */
	unsigned int traits;
	bool is_first;     /* no connection has been made yet */
	bool waits;        /* for the next request */
	unsigned int open; /* connections */
	uint64_t deadline; /* of the attempt */
	int fd;            /* always readable */
} manager = { .fd = -1 };

static struct tls_client only; /* in no memory that could be missing */

/* ------------------------------------------------------------------ the time */

static void let_pass(uint64_t usec)
{
	fuzz_let_pass((unsigned int)((usec + USEC_PER_TENTH - 1) / USEC_PER_TENTH));
}

/* In place of the C library's: what is not there now will not be there later. */
int poll(struct pollfd *polled, nfds_t count, int timeout)
{
	const struct timespec at_once = { 0 };
	int r = (int)syscall(SYS_ppoll, polled, count, &at_once, NULL, 0);

	HOLDS(r != 0 || timeout >= 0);
	if (r == 0)
		let_pass((uint64_t)timeout * USEC_PER_MSEC);
	return r;
}

int __poll_chk(struct pollfd *polled, nfds_t count, int timeout, size_t size);
int __poll_chk(struct pollfd *polled, nfds_t count, int timeout, size_t size)
{
	HOLDS(count * sizeof *polled <= size);
	return poll(polled, count, timeout);
}

/* ------------------------------------------------------------------ the script */

/* What happens next; 0: bytes come. */
static char next_event(void)
{
	if (manager.filler > 0)
		return 0;
	if (manager.at == manager.end)
		return 'e';
	if (manager.at[0] != MARK || manager.end - manager.at < 2 ||
	    !strchr("pntexraclf", manager.at[1]))
		return 0;
	return (char)manager.at[1];
}

static void skip_event(void)
{
	if (manager.at < manager.end)
		manager.at += 2;
}

/* To where the next connection begins. */
static void skip_to_next(void)
{
	char event;

	manager.filler = 0;
	while ((event = next_event()) == 0 || strchr("ptf", event))
		manager.at += event ? 2 : 1;
	if (event != 'c')
		skip_event();
}

static size_t send_bytes(char *buffer, size_t size)
{
	size_t length = size < manager.filler ? size : manager.filler;

	memset(buffer, 'a', length);
	manager.filler -= length;
	while (length < size && next_event() == 0)
		buffer[length++] = (char)*manager.at++;
	if (next_event() == 'p')
		skip_event();
	return length;
}

void fake_manager_begin(const uint8_t *script, size_t size, unsigned int traits)
{
	if (manager.fd < 0)
		manager.fd = eventfd(1, EFD_CLOEXEC);
	manager.at = script;
	manager.end = script + size;
	manager.traits = traits;
	manager.is_first = true;
	manager.waits = false;
	manager.filler = 0;
}

void fake_manager_end(void)
{
	HOLDS(manager.open == 0);
}

/* ------------------------------------------------------------------ connections */

int method_connect(const struct attempt *attempt, struct tls_client **ret,
		   struct attempt_report *report)
{
	int r = attempt_begin_step(attempt, STEP_CONNECTING);

	if (r != OUTCOME_OK)
		return r;
	if (!manager.is_first)
		skip_to_next();
	manager.is_first = manager.waits = false;
	if (next_event() == 'c') {
		skip_event();
		reason_set(&report->why, "Cannot connect");
		return OUTCOME_UNREACHABLE;
	}
	r = attempt_begin_step(attempt, STEP_VERIFYING);
	if (r != OUTCOME_OK)
		return r;
	manager.deadline = attempt->deadline->at;
	HOLDS(manager.open == 0);
	manager.open++;
	only = (struct tls_client){ 0 };
	*ret = &only;
	if (manager.traits & FAKE_MANAGER_IS_ODD)
		reason_set(&report->warning, "The certificate has expired");
	return OUTCOME_OK;
}

int tls_client_write(struct tls_client *client, const void *data, size_t length,
		     const struct deadline *deadline, struct reason *why)
{
	volatile char sum = 0;

	(void)client, (void)deadline, (void)why;
	HOLDS(length > 0 && length <= RECORD_MAX);
	for (size_t i = 0; i < length; i++)
		sum = (char)(sum + ((const char *)data)[i]);
	if (manager.waits)
		skip_event();
	manager.waits = false;
	return OUTCOME_OK;
}

/* Nothing has come. Who does not want to wait does something else, for a second. */
static int wait_in_vain(uint64_t until)
{
	uint64_t now = monotonic_usec();

	let_pass(until > now ? until - now : USEC_PER_SEC);
	return -ETIMEDOUT;
}

int tls_client_read(struct tls_client *client, void *buffer, size_t size,
		    const struct deadline *deadline, size_t *ret_length, struct reason *why)
{
	HOLDS(size > 0 && deadline->at != USEC_INFINITY);
	while (next_event() && strchr("pf", next_event())) {
		manager.filler = next_event() == 'f' ? FILLER_SIZE : 0;
		manager.at += 2;
	}
	switch (next_event()) {
	case 0:
		*ret_length = send_bytes(buffer, size);
		return OUTCOME_OK;
	case 'n':
		manager.waits = true;
		return wait_in_vain(deadline->at);
	case 't':
		skip_event();
		return wait_in_vain(deadline->at ?: manager.deadline);
	case 'a':
		reason_set(why, "The certificate was refused");
		return OUTCOME_REFUSED;
	case 'l':
		return reason_errno(why, EIO, "Cannot read");
	case 'r':
	case 'c':
		client->was_reset = true;
		*ret_length = 0;
		return OUTCOME_OK;
	default:
		client->was_closed = next_event() == 'e';
		*ret_length = 0;
		return OUTCOME_OK;
	}
}

int tls_client_fd(const struct tls_client *client)
{
	(void)client;
	return manager.fd;
}

const char *tls_client_version(const struct tls_client *client)
{
	(void)client;
	return manager.traits & FAKE_MANAGER_IS_TLS13 ? "TLSv1.3" : "TLSv1.2";
}

bool tls_client_lacks_certificate(const struct tls_client *client)
{
	(void)client;
	return manager.traits & FAKE_MANAGER_WANTS_CERTIFICATE;
}

bool tls_client_sent_certificate(const struct tls_client *client)
{
	(void)client;
	return manager.traits & FAKE_MANAGER_GOT_CERTIFICATE;
}

bool tls_client_was_reset(const struct tls_client *client)
{
	return client->was_reset;
}

bool tls_client_was_closed_in_order(const struct tls_client *client)
{
	return client->was_closed;
}

void tls_client_free(struct tls_client *client)
{
	if (client)
		manager.open--;
}

/* ------------------------------------------------------------------ the result */

static void check_shown(const char *text, const char *secret)
{
	for (const char *at = text; *at; at++)
		HOLDS(*at >= ' ' && *at <= '~');
	HOLDS(!secret || !strcasestr(text, secret));
}

void fake_manager_check(int outcome, struct agent_key *key, bool removed,
			struct attempt_report *report, const char *secret)
{
	struct wire_result result = { .outcome = outcome, .key = *key, .removed = removed };
	unsigned char bytes[WIRE_MAX];
	struct wire_message message;
	size_t length;

	check_shown(report->why.text, secret);
	check_shown(report->warning.text, secret);
	HOLDS(outcome == OUTCOME_OK || report->why.text[0]);
	free(take_pointer(report->anchor));
	result.report = *report;
	length = wire_format_result(bytes, &result);
	HOLDS(length > 0 && wire_parse(&message, bytes, length) == 0);
	HOLDS(message.result.outcome == outcome);
	HOLDS(agent_key_equal(&message.result.key, key));
	wire_result_wipe(&message.result);
	wire_result_wipe(&result);
	agent_key_wipe(key);
	explicit_bzero(report, sizeof *report);
	explicit_bzero(bytes, sizeof bytes);
}
