/* SPDX-License-Identifier: ISC */
/*
 * The parent of a process that talks to a manager and may have been taken over: whatever that
 * sends, and however it ends, only a valid key is taken, no secret gets into a text, and the
 * process is waited for. The first byte says which task it has, the second one what the attempt is
 * like; then come steps:
 *
 *	0  it sends a message: a length of two bytes, and the bytes
 *	1  nothing, as long as is waited      2  the parent is asked to stop
 *	3  it ends, with a status of one byte 4  it sends a message that is too long
 *	5  it sends a step that is right, and reads
 */
#include "clock.h"
#include "directory.h"
#include "fuzz.h"

#include "client/conversation/conversation.h"
#include "client/conversation/wire.h"
#include "common/cleanup.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PASSWORD "Tr0ub4dor&3"
#define CHILD 1000000000 /* no process has that number */
#define CA "-----BEGIN CERTIFICATE-----"

static struct {
	const uint8_t *at, *end;
	int fd;      /* the child's end; -1: it has ended */
	int stop_fd; /* readable: stop */
	int status;  /* with which it ended */
	unsigned int children, waits;
	bool may_go; /* STEP_SENDING was reported */
	bool fails;  /* what has to be remembered cannot be */
	bool has_password;
} run = { .fd = -1, .stop_fd = -1 };

/* ------------------------------------------------------------------ the child */

static uint8_t next_byte(void)
{
	return run.at < run.end ? *run.at++ : 0;
}

static void send_message(const void *bytes, size_t length)
{
	if (run.fd >= 0)
		(void)send(run.fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void receive_message(void)
{
	unsigned char bytes[WIRE_MAX];
	struct wire_message message;
	ssize_t length = run.fd < 0 ? -1 : recv(run.fd, bytes, sizeof bytes, MSG_DONTWAIT);

	if (length <= 0)
		return;
	HOLDS(wire_parse(&message, bytes, (size_t)length) == 0 && message.kind == WIRE_GO);
	HOLDS(run.may_go);
}

static void end(void)
{
	if (run.fd >= 0)
		(void)close(run.fd);
	run.fd = -1;
}

/* Returns whether something happened that ends a wait. */
static bool step(void)
{
	static const unsigned char too_long[WIRE_MAX + 1];
	unsigned char bytes[WIRE_MAX];
	size_t length;

	if (run.at == run.end) {
		end();
		return true;
	}
	switch (next_byte() % 6) {
	case 0:
		length = next_byte() * 256U;
		length += next_byte();
		if (length > (size_t)(run.end - run.at))
			length = (size_t)(run.end - run.at);
		send_message(run.at, length);
		run.at += length;
		break;
	case 1:
		return false;
	case 2:
		(void)eventfd_write(run.stop_fd, 1);
		break;
	case 3:
		run.status = next_byte();
		end();
		break;
	case 4:
		send_message(too_long, sizeof too_long);
		break;
	default:
		send_message(bytes, wire_format_step(bytes, next_byte() % (STEP_WAITING + 1)));
		receive_message();
	}
	return true;
}

/* ------------------------------------------------------------------ in place of the C library's */

int poll(struct pollfd *polled, nfds_t count, int timeout)
{
	const struct timespec at_once = { 0 };
	int r;

	while ((r = (int)syscall(SYS_ppoll, polled, count, &at_once, NULL, 0)) == 0 && timeout > 0)
		if (!step()) {
			fuzz_let_pass((unsigned int)timeout / 100 + 1);
			break;
		}
	return r;
}

int __poll_chk(struct pollfd *polled, nfds_t count, int timeout, size_t size);
int __poll_chk(struct pollfd *polled, nfds_t count, int timeout, size_t size)
{
	HOLDS(count * sizeof *polled <= size);
	return poll(polled, count, timeout);
}

int socketpair(int domain, int type, int protocol, int pair[2])
{
	int r = (int)syscall(SYS_socketpair, domain, type, protocol, pair);

	HOLDS(r == 0 && run.fd < 0);
	run.fd = dup(pair[1]);
	HOLDS(run.fd >= 0);
	return r;
}

pid_t fork(void)
{
	run.children++;
	return CHILD;
}

int kill(pid_t pid, int which)
{
	HOLDS(pid == CHILD && which == SIGKILL);
	end();
	return 0;
}

pid_t waitpid(pid_t pid, int *ret, int options)
{
	HOLDS(pid == CHILD && options == 0);
	end();
	run.waits++;
	*ret = run.status;
	return pid;
}

/* ------------------------------------------------------------------ the attempt */

static int progress(enum attempt_step which, void *user)
{
	(void)user;
	run.may_go |= which == STEP_SENDING;
	return run.fails ? -EIO : OUTCOME_OK;
}

static int check_anchor(const struct attempt *attempt, const char *anchor)
{
	(void)attempt;
	return anchor && strncmp(anchor, CA, strlen(CA)) == 0 ? 0 : -EBADMSG;
}

static void check_shown(const char *text)
{
	for (; *text; text++)
		HOLDS((unsigned char)*text >= ' ' && *text != '\x7f');
}

static void show(enum outcome outcome, const char *label, const char *text, void *user)
{
	(void)user;
	HOLDS(outcome < OUTCOME_MAX_);
	check_shown(label);
	check_shown(text);
	HOLDS(!run.has_password || !strcasestr(text, PASSWORD));
}

static const char *private_key_file(void)
{
	static const char key[] =
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VwBCIEIBHpFYYLWFCdXqm2Q5Rv7vQ1Gm0kZq3nXo5t2vW8sYbR\n"
		"-----END PRIVATE KEY-----\n"
		"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
	static char path[128];

	if (!path[0])
		fuzz_write("key.pem", key, strlen(key));
	(void)snprintf(path, sizeof path, "%s/key.pem", fuzz_directory());
	return path;
}

static struct attempt compose(uint8_t how, const struct deadline *deadline)
{
	static const struct endpoint manager = { "m.example.org", 1515 };
	static const struct reenroll_secret secret = {
		"001", "9c702559e2943120fc74e2baad93bbcb8662fa61af2416cf07235660e0fba15a"
	};
	static const struct enrollment_token token = { .has_credential = true,
						       .secret = "0123456789abcde" };

	run.fails = how & 1;
	run.has_password = how & 4;
	return (struct attempt){
		.manager = &manager,
		.agent = { .name = "web-01" },
		.connection = { .private_key_file = how & 2 ? private_key_file() : NULL },
		.password = run.has_password ? PASSWORD : NULL,
		.enroll = { .token = how & 8 ? &token : NULL, .secret = how & 16 ? &secret : NULL },
		.deadline = deadline,
		.progress = progress,
	};
}

/* ------------------------------------------------------------------ the tasks */

static void check_report(int r, struct attempt_report *report, bool has_password)
{
	check_shown(report->why.text);
	check_shown(report->warning.text);
	HOLDS(!has_password || !strcasestr(report->why.text, PASSWORD));
	HOLDS(!has_password || !strcasestr(report->warning.text, PASSWORD));
	HOLDS(!report->anchor || r == OUTCOME_REGISTERED);
	free(take_pointer(report->anchor));
}

static void register_agent(const struct attempt *attempt, uint8_t how)
{
	const struct method method = { .name = "test",
				       .keeps_name = how & 32,
				       .check_anchor = how & 64 ? check_anchor : NULL };
	struct attempt_report report = { 0 };
	struct agent_key key = { "" };
	int r = conversation_hold(&method, attempt, NULL, &key, &report);

	HOLDS((r == OUTCOME_REGISTERED) == (key.id[0] != '\0'));
	if (r == OUTCOME_REGISTERED) {
		HOLDS(agent_name_is_registrable(key.name, strlen(key.name)));
		HOLDS(agent_key_text_is_genuine(key.key, strlen(key.key)));
		HOLDS(!method.keeps_name || strcmp(key.name, attempt->agent.name) == 0);
		HOLDS(!method.check_anchor || check_anchor(attempt, report.anchor) == 0);
	}
	check_report(r, &report, attempt->password);
}

static void deregister_agent(const struct attempt *attempt)
{
	const struct method method = { .name = "test" };
	struct attempt_report report = { 0 };
	bool removed = false;
	int r = conversation_deregister(&method, attempt, NULL, "001", &removed, &report);

	HOLDS(!removed || r == OUTCOME_OK);
	check_report(r, &report, attempt->password);
}

static void inspect_manager(const struct attempt *attempt)
{
	struct attempt_report report = { 0 };
	int r = conversation_inspect(attempt, NULL, show, &report.why);

	check_report(r, &report, attempt->password);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct deadline deadline;
	struct attempt attempt;

	if (size < 2)
		return 0;
	run.at = data + 2;
	run.end = data + size;
	run.status = 0;
	run.children = run.waits = 0;
	run.may_go = false;
	run.stop_fd = eventfd(0, EFD_CLOEXEC);
	HOLDS(run.stop_fd >= 0);
	deadline = deadline_in(30 * USEC_PER_SEC, NULL);
	deadline.stop_fd = run.stop_fd;
	attempt = compose(data[1], &deadline);
	if (data[0] % 3 == 0)
		register_agent(&attempt, data[1]);
	else if (data[0] % 3 == 1)
		deregister_agent(&attempt);
	else
		inspect_manager(&attempt);
	conversation_finish();
	HOLDS(run.children == 1 && run.waits == 1);
	end();
	(void)close(run.stop_fd);
	return 0;
}
