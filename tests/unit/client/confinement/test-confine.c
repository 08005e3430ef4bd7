/* SPDX-License-Identifier: ISC */
/*
 * What a confined process can do, and what not: each call is tried in a process of its own, as the
 * user that runs the test; as root it means the most.
 */
#include "tests/unit/client/confinement/forbidden.h"

#include "client/confinement/confine.h"
#include "client/confinement/landlock.h"
#include "client/confinement/syscall-filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* ------------------------------------------------------------------ a confined process */

/*
 * Call `work` in a confined process. Returns the status of waitpid(2): its exit status is what
 * `work` returned. `probe` is called while the process waits for a byte (null: it does not wait).
 */
static int run_confined(int (*work)(void), void (*probe)(pid_t pid, int fd))
{
	int pair[2], status = -1;
	pid_t pid;
	char byte;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct reason why = { 0 };

		if (confine_process(pair[1], &why) < 0)
			_exit(250);
		if (probe && (write(TO_PARENT, "c", 1) != 1 || read(TO_PARENT, &byte, 1) != 1))
			_exit(251);
		_exit(work());
	}
	close(pair[1]);
	if (probe) {
		assert_int_equal(read(pair[0], &byte, 1), 1);
		probe(pid, pair[0]);
		assert_int_equal(write(pair[0], "g", 1), 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(pair[0]);
	return status;
}

/* ------------------------------------------------------------------ what it cannot do */

/* Reported as a test of its own, so that nobody takes it for passed. */
static void need_landlock(void)
{
	if (landlock_version() < 1) {
		print_message("Landlock is missing here\n");
		skip();
	}
}

static void need_filter(void)
{
	if (syscall_filter_check() < 0) {
		print_message("seccomp is missing here\n");
		skip();
	}
}

static void check_forbidden(bool is_of_landlock)
{
	for (size_t i = 0; i < forbidden_count; i++) {
		const struct forbidden *row = &forbidden[i];
		int status;

		if (row->is_of_landlock != is_of_landlock)
			continue;
		status = run_confined(row->work, NULL);
		check_row(row->label, WIFEXITED(status));
		if (row->error ? WEXITSTATUS(status) != row->error : WEXITSTATUS(status) == 0)
			fail_msg("%s: %s", row->label, strerror(WEXITSTATUS(status)));
	}
	assert_file(file(), "content\n");
	assert_int_equal(count_entries(place), 1);
}

static void test_forbidden_files(void **state)
{
	(void)state;
	need_landlock();
	need_filter();
	check_forbidden(true);
}

static void test_forbidden_calls(void **state)
{
	(void)state;
	need_filter();
	check_forbidden(false);
}

#ifdef __x86_64__
static int call_of_x32(void)
{
	return error_of(syscall(SYS_getpid | 0x40000000));
}

static int call_of_i386(void)
{
	long result;

	(void)signal(SIGSEGV, SIG_DFL); /* not cmocka's, which would report a test of its own */
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory"); /* getpid */
	return result < 0 ? (int)-result : 0;
}

static void test_other_architectures_end_it(void **state)
{
	int status;

	(void)state;
	need_filter();
	status = run_confined(call_of_x32, NULL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	status = run_confined(call_of_i386, NULL);
	/* a kernel without 32-bit calls has no such gate */
	assert_true(WIFSIGNALED(status) &&
		    (WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV));
}
#endif

/* ------------------------------------------------------------------ what it can do */

static int port; /* of a listener on loopback */

static int connect_to_a_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd polled = { .fd = fd, .events = POLLOUT };
	int error = 0;
	socklen_t size = sizeof error;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 ||
	    (connect(fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS))
		return errno;
	if (poll(&polled, 1, 5000) != 1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return ETIMEDOUT;
	return error;
}

static int ask_for_routes(void)
{
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? errno
		      : error_of(bind(fd, (const struct sockaddr *)&address, sizeof address));
}

static int use_a_pair(void)
{
	int pair[2];
	char byte = 'a';

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return errno;
	return send(pair[0], &byte, 1, MSG_NOSIGNAL) == 1 && recv(pair[1], &byte, 1, 0) == 1
		       ? 0
		       : errno;
}

static void *note(void *argument)
{
	return argument;
}

static int use_a_thread(void)
{
	pthread_t thread;
	void *result = NULL;
	int error = pthread_create(&thread, NULL, note, &parent);

	return error ? error : pthread_join(thread, &result) || result != &parent;
}

static int look_up_localhost(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list = NULL;
	int error = getaddrinfo("localhost", "1515", &hints, &list);

	if (error == 0)
		freeaddrinfo(list);
	return error;
}

static int unconfined_look_up; /* a host without /etc/hosts does not know its own name */

static int resolve(void)
{
	return look_up_localhost() == unconfined_look_up ? 0 : 1;
}

TRY(read_library, open("/usr/lib", O_RDONLY | O_DIRECTORY))
TRY(read_hosts, access("/etc/hosts", R_OK) < 0 ? 0 : open("/etc/hosts", O_RDONLY))
TRY(read_switch, access("/etc/nsswitch.conf", R_OK) < 0 ? 0 : open("/etc/nsswitch.conf", 0))
TRY(make_event, eventfd(0, EFD_CLOEXEC))

static int allocate(void)
{
	char *memory = malloc(64 << 20);

	if (!memory)
		return ENOMEM;
	memset(memory, 1, 64 << 20);
	free(memory);
	return 0;
}

static const struct {
	const char *label;
	int (*work)(void);
} allowed[] = {
	{ "connect to a port", connect_to_a_port },
	{ "ask for routes", ask_for_routes },
	{ "a connected pair", use_a_pair },
	{ "a thread", use_a_thread },
	{ "resolve a name", resolve },
	{ "read the libraries", read_library },
	{ "read /etc/hosts", read_hosts },
	{ "read /etc/nsswitch.conf", read_switch },
	{ "an eventfd", make_event },
	{ "memory", allocate },
};

static void test_allowed(void **state)
{
	(void)state;
	unconfined_look_up = look_up_localhost();
	for (size_t i = 0; i < COUNT(allowed); i++) {
		int status = run_confined(allowed[i].work, NULL);

		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			fail_msg("%s: %#x", allowed[i].label, (unsigned int)status);
	}
}

static int end_itself(void)
{
	abort();
}

/* What ends by itself ends by that signal, not by the filter's. */
static void test_abort(void **state)
{
	int status = run_confined(end_itself, NULL);

	(void)state;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* ------------------------------------------------------------------ how it looks from outside */

static int nothing(void)
{
	return 0;
}

static const char *value_of(const char *status, const char *field, char buffer[static 64])
{
	const char *line = strstr(status, field);

	assert_non_null(line);
	assert_int_equal(sscanf(line + strlen(field), ":%63s", buffer), 1);
	return buffer;
}

static char *read_status(pid_t pid)
{
	char path[64], *content = calloc(1, 16384);
	FILE *status;

	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	status = fopen(path, "re");
	assert_non_null(status);
	assert_true(content && fread(content, 1, 16383, status) > 0);
	(void)fclose(status);
	return content;
}

static void look_at_status(pid_t pid, int fd)
{
	static const char *const sets[] = { "CapInh", "CapPrm", "CapEff", "CapAmb" };
	char *status = read_status(pid), value[64];

	(void)fd;
	for (size_t i = 0; i < COUNT(sets); i++)
		check_row(sets[i], strtoull(value_of(status, sets[i], value), NULL, 16) == 0);
	assert_string_equal(value_of(status, "NoNewPrivs", value), "1");
	if (syscall_filter_check() == 0)
		assert_string_equal(value_of(status, "Seccomp", value), "2");
	free(status);
}

static void look_at_descriptors(pid_t pid, int fd)
{
	char path[64], target[64];
	ssize_t length;

	(void)fd;
	(void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	assert_int_equal(count_entries(path), CONFINED_FD + 1);
	for (int stream = 0; stream < CONFINED_FD; stream++) {
		(void)snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, stream);
		length = readlink(path, target, sizeof target - 1);
		if (length < 0 && errno == EACCES)
			return; /* it takes CAP_SYS_PTRACE to see more */
		assert_true(length > 0);
		target[length] = '\0';
		if (stream <= CONFINED_LAST_STREAM)
			assert_string_equal(target, "/dev/null");
	}
}

static void test_from_outside(void **state)
{
	int extra = open("/dev/zero", O_RDONLY), another = fcntl(extra, F_DUPFD, 900);

	(void)state;
	assert_true(extra >= 0 && another >= 900);
	assert_int_equal(run_confined(nothing, look_at_status), 0);
	if (geteuid() == 0) /* what is not dumpable belongs to root */
		assert_int_equal(run_confined(nothing, look_at_descriptors), 0);
	close(extra);
	close(another);
}

static void test_gap(void **state)
{
	char buffer[CONFINE_GAP_SIZE];
	bool is_complete = landlock_version() > 0 && syscall_filter_check() == 0;

	(void)state;
	assert_int_equal(confine_gap(buffer) == NULL, is_complete);
}

/* A filter that forbids Landlock leaves a gap, and is no obstacle. */
static int confine_again(void)
{
	char buffer[CONFINE_GAP_SIZE];
	struct reason why = { 0 };

	if (landlock_version() != -EPERM || syscall_filter_check() != -EPERM)
		return 1;
	if (!confine_gap(buffer) || !strstr(buffer, "Landlock is missing") ||
	    !strstr(buffer, "seccomp is missing"))
		return 2;
	return landlock_restrict() != 0 || syscall_filter_install() != 0 || why.text[0] ? 3 : 0;
}

static void test_gap_by_a_filter(void **state)
{
	(void)state;
	need_filter();
	assert_int_equal(run_confined(confine_again, NULL), 0);
}

/* ------------------------------------------------------------------ the listeners */

static int listen_on_loopback(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	port = ntohs(address.sin_port);
	return fd;
}

static int listen_on_a_name(struct sockaddr_un *ret, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	ret->sun_family = AF_UNIX;
	(void)snprintf(ret->sun_path + 1, sizeof ret->sun_path - 1, "agent-register-test-%d-%d",
		       (int)getpid(), type);
	assert_int_equal(bind(fd, (struct sockaddr *)ret, sizeof *ret), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static int setup(void **state)
{
	if (setup_directory(state) != 0)
		return -1;
	place = *state;
	parent = getpid();
	write_text(file(), "content\n");
	(void)listen_on_loopback();
	(void)listen_on_a_name(&name, SOCK_STREAM);
	(void)listen_on_a_name(&packet_name, SOCK_SEQPACKET);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forbidden_files),
		cmocka_unit_test(test_forbidden_calls),
#ifdef __x86_64__
		cmocka_unit_test(test_other_architectures_end_it),
#endif
		cmocka_unit_test(test_allowed),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_from_outside),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_gap_by_a_filter),
	};

	return cmocka_run_group_tests_name("confine", tests, setup, teardown_directory);
}
