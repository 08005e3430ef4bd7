/* SPDX-License-Identifier: ISC */
/*
 * Whatever answers at the socket of a running wazuh-authd: it is taken for an answer that can be
 * shown, or refused. The first byte says what is asked; the bytes that come from the socket follow.
 * A call may fail meanwhile (faults.h).
 */
#include "directory.h"
#include "faults.h"
#include "fuzz.h"

#include "registrar/agents/local-authd.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX_ 70000

static const uint8_t *answer;
static size_t answer_size;

/* In place of the C library's: whoever connects gets what the input says, and then the end. */
int connect(int fd, const struct sockaddr *address, socklen_t length)
{
	int ends[2];

	(void)address, (void)length;
	HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	HOLDS(dup2(ends[0], fd) == fd);
	(void)close(ends[0]);
	/* not send(): that may be the call that fails */
	HOLDS(sendto(ends[1], answer, answer_size, MSG_NOSIGNAL, NULL, 0) == (ssize_t)answer_size);
	(void)shutdown(ends[1], SHUT_WR);
	/* It is closed with the next one: what is asked must find somebody. */
	static int before = -1;

	if (before >= 0)
		(void)close(before);
	before = ends[1];
	return 0;
}

static const char *make_queue(void)
{
	static int is_made;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[64];
	int fd;

	if (is_made)
		return fuzz_directory();
	is_made = 1;
	(void)snprintf(path, sizeof path, "%s/sockets", fuzz_directory());
	HOLDS(mkdir(path, 0700) == 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/auth", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	HOLDS(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
	return fuzz_directory();
}

static void check_answer(int r, const struct local_authd_answer *given, const struct reason *why)
{
	HOLDS(r <= 0);
	if (r < 0) {
		HOLDS(why->text[0]);
		return;
	}
	HOLDS(strlen(given->id) < sizeof given->id);
	for (const char *at = given->message; *at; at++)
		HOLDS(*at >= ' ' && *at <= '~');
	for (const char *at = given->id; *at; at++)
		HOLDS(*at >= ' ' && *at <= '~');
}

static void ask(uint8_t what, const struct local_authd *authd)
{
	static const struct agent_key agent = { "007", "web-01", "any", "" },
				      unnumbered = { "", "web-01", "any", "" };
	static const struct local_authd_force force = { true, 60, 3600 };
	struct local_authd found;
	struct local_authd_answer given = { 0 };
	struct reason why = { "" };

	switch (what % 4) {
	case 0:
		/* Somebody listens, whatever he says, unless we cannot reach him. */
		HOLDS_WITHOUT_FAULT(local_authd_find(&found, fuzz_directory(), &why) != 0);
		break;
	case 1:
		check_answer(local_authd_add(authd, &agent, &force, &given, &why), &given, &why);
		break;
	case 2:
		check_answer(local_authd_add(authd, &unnumbered, NULL, &given, &why), &given, &why);
		break;
	default:
		check_answer(local_authd_remove(authd, "007", what & 4, &given, &why), &given,
			     &why);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct local_authd authd;
	const char *queue = make_queue();
	struct reason why;

	size = fuzz_faults_read(data, size);
	if (size < 1 || size > ANSWER_MAX_)
		return 0;
	answer = data + 1;
	answer_size = size - 1;
	HOLDS(local_authd_listens(&authd, queue, &why) == 1);
	HOLDS(local_authd_listens(&(struct local_authd){ "", "" }, NULL, &why) == 0);
	fuzz_faults_begin();
	ask(data[0], &authd);
	fuzz_faults_end();
	return 0;
}
