/* SPDX-License-Identifier: ISC */
#include "tests/unit/notify-socket.h"

#include "tests/unit/support.h"

#include <inttypes.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

uint64_t notify_socket_silence;
static int notify_fd = -1;

static void set_number(const char *name, uint64_t number)
{
	char text[32];

	(void)snprintf(text, sizeof text, "%" PRIu64, number);
	assert_int_equal(setenv(name, text, 1), 0);
}

int setup_notify_socket(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int r = setup_directory(state);

	if (r < 0)
		return r;
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path_in(*state, "notify"));
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (notify_fd < 0 || bind(notify_fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return -1;
	assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
	if (notify_socket_silence > 0) {
		set_number("WATCHDOG_PID", (uint64_t)getpid());
		set_number("WATCHDOG_USEC", notify_socket_silence);
	}
	return 0;
}

int teardown_notify_socket(void **state)
{
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	close(notify_fd);
	notify_fd = -1;
	return teardown_directory(state);
}

const char *notify_socket_message(void)
{
	static char text[1024];
	ssize_t length = recv(notify_fd, text, sizeof text - 1, 0);

	if (length < 0)
		return NULL;
	text[length] = '\0';
	return text;
}

unsigned notify_socket_count(void)
{
	unsigned count = 0;

	while (notify_socket_message())
		count++;
	return count;
}
