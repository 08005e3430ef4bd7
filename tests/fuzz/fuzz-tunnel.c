/* SPDX-License-Identifier: ISC */
/*
 * A tunnel through a proxy: whatever that answers, and however it ends, there is an outcome with a
 * reason that shows no password, or a tunnel, of which no byte has been taken. The first byte says
 * how the proxy is used, and how it ends; then comes its answer. A call may fail meanwhile
 * (faults.h).
 */
#include "clock.h"
#include "faults.h"
#include "fuzz.h"

#include "client/net/net.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PASSWORD "Tr0ub4dor&3"
#define FIRST_BYTE '\x16' /* of the tunnel, in the seeds */

static struct {
	int fd; /* the proxy's end; -1: it has closed it */
	const char *answer;
	size_t length;
	uint8_t how;
} run = { .fd = -1 };

/* ------------------------------------------------------------------ the proxy */

/* In place of the C library's: what is not there now will not be there later. */
int poll(struct pollfd *polled, nfds_t count, int timeout)
{
	const struct timespec at_once = { 0 };
	int r = (int)syscall(SYS_ppoll, polled, count, &at_once, NULL, 0);

	if (r == 0 && timeout > 0)
		fuzz_let_pass((unsigned int)timeout / 100 + 1);
	return r;
}

int __poll_chk(struct pollfd *polled, nfds_t count, int timeout, size_t size);
int __poll_chk(struct pollfd *polled, nfds_t count, int timeout, size_t size)
{
	HOLDS(count * sizeof *polled <= size);
	return poll(polled, count, timeout);
}

static void close_end(void)
{
	if (run.fd >= 0)
		(void)close(run.fd);
	run.fd = -1;
}

/* In place of the one that connects: the answer is there before the request. */
int net_connect(const struct endpoint *endpoint, const struct deadline *deadline, int *ret_fd,
		struct reason *why)
{
	int ends[2];

	(void)endpoint, (void)deadline;
	fuzz_faults_end();
	if (run.how & 8) {
		reason_set(why, "Cannot connect");
		return OUTCOME_UNREACHABLE;
	}
	HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
	run.fd = ends[1];
	(void)send(run.fd, run.answer, run.length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (run.how & 16)
		(void)shutdown(run.fd, SHUT_WR);
	if (run.how & 32)
		close_end();
	*ret_fd = ends[0];
	fuzz_faults_begin();
	return OUTCOME_OK;
}

/* ------------------------------------------------------------------ what comes of it */

static void check_tunnel(int fd)
{
	char bytes[16384];
	ssize_t length = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);

	/* What is left is the end of the answer, from behind an empty line on. */
	if (length > 0) {
		const char *rest = run.answer + run.length - length;

		HOLDS((size_t)length <= run.length && memcmp(bytes, rest, (size_t)length) == 0);
		HOLDS(rest - run.answer >= 4 && memcmp(rest - 4, "\r\n\r\n", 4) == 0);
	}
	(void)close(fd);
}

static void check_refusal(int r, const struct reason *why)
{
	HOLDS(why->text[0] && r < OUTCOME_MAX_);
	for (const char *at = why->text; *at; at++)
		HOLDS(*at >= ' ' && *at <= '~');
	/* What the program was not told, it cannot know for a secret. */
	HOLDS(!(run.how & 2) || !strcasestr(why->text, PASSWORD));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct endpoint targets[] = { { "m.example.org", 1515 }, { "fe80::1%eth0", 1515 } };
	struct proxy proxy = { .endpoint = { "proxy.example.org", 3128 }, .user = "" };
	const struct deadline deadline = deadline_in(10 * USEC_PER_SEC, NULL);
	struct reason why = { "" };
	int fd = -1, r;

	size = fuzz_faults_read(data, size);
	if (size < 1)
		return 0;
	run.how = data[0];
	run.answer = (const char *)data + 1;
	run.length = size - 1;
	if (run.how & 1)
		memcpy(proxy.user, "admin", sizeof "admin");
	if (run.how & 2)
		proxy.password = (struct secret){ strdup(PASSWORD), strlen(PASSWORD) };
	r = net_connect_through(run.how & 64 ? NULL : &proxy, &targets[run.how & 4 ? 1 : 0],
				&deadline, &fd, &why);
	fuzz_faults_end();
	HOLDS((r == OUTCOME_OK) == (fd >= 0));
	/* No kernel takes half of what it has just shown. */
	if (fd >= 0 && (run.how & 64 || fuzz_fault_happened()))
		(void)close(fd);
	else if (fd >= 0)
		check_tunnel(fd);
	else
		check_refusal(r, &why);
	close_end();
	proxy_wipe(&proxy);
	return 0;
}
