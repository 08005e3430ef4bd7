/* SPDX-License-Identifier: ISC */
/*
 * What a confined process can do, and what not: each call is tried in a process of its own, as the
 * user that runs the test; as root it means the most.
 */
#include "tests/unit/support.h"

#include "client/confinement/confine.h"
#include "client/confinement/landlock.h"
#include "client/confinement/syscall-filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* ------------------------------------------------------------------ a confined process */

static const char *place; /* a private directory, with "file" and "program" in it */
static struct sockaddr_un name, packet_name; /* of listeners */
static pid_t parent;

#define TO_PARENT CONFINED_FD

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

static int error_of(long result)
{
	return result < 0 ? errno : 0;
}

/* ------------------------------------------------------------------ what it cannot do */

#define TRY(function, call)            \
	static int function(void)      \
	{                              \
		return error_of(call); \
	}

static const char *file(void)
{
	return path_in(place, "file");
}

static int unlinked_socket(int family, int type, int protocol)
{
	return error_of(socket(family, type, protocol));
}

static int make_pair(int type)
{
	int pair[2];

	return error_of(socketpair(AF_UNIX, type, 0, pair));
}

TRY(read_shadow, open("/etc/shadow", O_RDONLY))
TRY(read_passwd, open("/etc/passwd", O_RDONLY))
TRY(read_own_file, open(file(), O_RDONLY))
TRY(read_etc, open("/etc", O_RDONLY | O_DIRECTORY))
TRY(read_root, open("/", O_RDONLY | O_DIRECTORY))
TRY(read_memory, open("/proc/self/mem", O_RDONLY))
TRY(read_parent, open(path_in("/proc", "1/environ"), O_RDONLY))
TRY(write_file_of_ours, open(file(), O_WRONLY))
TRY(write_keys, open("/var/ossec/etc/client.keys", O_WRONLY))
TRY(read_keys, open("/var/ossec/etc/client.keys", O_RDONLY))
TRY(append, open(file(), O_WRONLY | O_APPEND))
TRY(read_and_write, open(file(), O_RDWR))
TRY(create, open(path_in(place, "new"), O_WRONLY | O_CREAT, 0600))
TRY(create_for_reading, open(path_in(place, "new"), O_RDONLY | O_CREAT, 0600))
TRY(temporary, open(place, O_RDWR | O_TMPFILE, 0600))
TRY(truncate_by_open, open(file(), O_RDONLY | O_TRUNC))
TRY(open_how,
    syscall(SYS_openat2, AT_FDCWD, "/etc/hosts", &(struct open_how){ 0 }, sizeof(struct open_how)))
TRY(make_directory, mkdir(path_in(place, "new"), 0700))
TRY(make_fifo, mknod(path_in(place, "new"), S_IFIFO | 0600, 0))
TRY(make_link, link(file(), path_in(place, "new")))
TRY(make_symbolic_link, symlink(file(), path_in(place, "new")))
TRY(remove_file, unlink(file()))
TRY(rename_file, rename(file(), path_in(place, "new")))
TRY(truncate_file, truncate(file(), 0))
TRY(truncate_descriptor, ftruncate(TO_PARENT, 0))
TRY(change_mode, chmod(file(), 0777))
TRY(change_mode_of_descriptor, fchmod(STDIN_FILENO, 0777))
TRY(change_owner, chown(file(), getuid(), getgid()))
TRY(change_owner_of_descriptor, fchown(STDIN_FILENO, getuid(), getgid()))
TRY(set_attribute, setxattr(file(), "user.a", "b", 1, 0))
TRY(change_times, utimensat(AT_FDCWD, file(), NULL, 0))
TRY(change_directory, chdir("/"))
TRY(change_root, chroot("/"))
TRY(mount_something, mount("none", place, "tmpfs", 0, NULL))
TRY(watch_files, syscall(SYS_inotify_init1, 0))

static int local_stream(void)
{
	return unlinked_socket(AF_UNIX, SOCK_STREAM, 0);
}

static int local_datagram(void)
{
	return unlinked_socket(AF_UNIX, SOCK_DGRAM, 0);
}

static int packet_socket(void)
{
	return unlinked_socket(AF_PACKET, SOCK_RAW, 0);
}

static int vsock(void)
{
	return unlinked_socket(AF_VSOCK, SOCK_STREAM, 0);
}

static int raw_socket(void)
{
	return unlinked_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static int audit(void)
{
	return unlinked_socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
}

static int pair_of_datagrams(void)
{
	return make_pair(SOCK_DGRAM);
}

static int pair_of_packets(void)
{
	return make_pair(SOCK_SEQPACKET);
}

static int listen_on_a_port(void)
{
	return error_of(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
}

static int accept_somebody(void)
{
	return error_of(accept(socket(AF_INET, SOCK_STREAM, 0), NULL, NULL));
}

/* What is connected stays connected to that, even when that is gone. */
static int connect_the_pipe(void)
{
	return error_of(connect(TO_PARENT, (struct sockaddr *)&packet_name, sizeof packet_name));
}

static int connect_a_pair(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 0;
	return error_of(connect(pair[0], (struct sockaddr *)&name, sizeof name));
}

static int connect_half_a_pair(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 0;
	close(pair[1]);
	return error_of(connect(pair[0], (struct sockaddr *)&name, sizeof name));
}

/* What systemctl and the bus are asked through; each would do what root says. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int pair[2];

	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 0;
	return error_of(connect(pair[0], (struct sockaddr *)&address, sizeof address));
}

static int ask_systemd(void)
{
	return connect_to("/run/systemd/private");
}

static int ask_the_bus(void)
{
	return connect_to("/run/dbus/system_bus_socket");
}

static int send_to_a_name(void)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 0;
	return error_of(sendto(pair[0], "a", 1, 0, (struct sockaddr *)&name, sizeof name));
}

static int bind_a_path(void)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 0;
	(void)snprintf(path.sun_path, sizeof path.sun_path, "%s", path_in(place, "new"));
	return error_of(bind(pair[0], (struct sockaddr *)&path, sizeof path));
}

static char *const no_words[] = { (char *)"true", NULL };

TRY(execute, execv("/bin/true", no_words))
TRY(execute_at, syscall(SYS_execveat, AT_FDCWD, "/bin/true", no_words, no_words + 1, 0))
TRY(signal_parent, kill(parent, 0))
TRY(signal_init, kill(1, 0))
TRY(signal_itself, kill(getpid(), 0))
TRY(signal_thread_of_parent, syscall(SYS_tgkill, parent, parent, 0))
TRY(signal_any_thread, syscall(SYS_tkill, parent, 0))
TRY(queue_signal, sigqueue(parent, 0, (union sigval){ 0 }))
TRY(open_process, syscall(SYS_pidfd_open, parent, 0))
TRY(signal_by_owner, fcntl(TO_PARENT, F_SETOWN, parent))
TRY(choose_signal, fcntl(TO_PARENT, F_SETSIG, SIGKILL))
TRY(signal_by_ioctl, ioctl(TO_PARENT, FIOSETOWN, &parent))
TRY(lock_file, fcntl(STDIN_FILENO, F_SETLK, &(struct flock){ .l_type = F_WRLCK }))
TRY(type_for_somebody, ioctl(TO_PARENT, TIOCSTI, "a"))
TRY(trace, ptrace(PTRACE_SEIZE, parent, NULL, NULL))
TRY(read_memory_of_parent, syscall(SYS_process_vm_readv, parent, NULL, 0, NULL, 0, 0))
TRY(new_namespace, unshare(CLONE_NEWUSER))
TRY(limit_parent, prlimit(parent, RLIMIT_NOFILE, &(struct rlimit){ 0, 0 }, NULL))
TRY(change_user, setuid(getuid()))
TRY(change_group, setgid(getgid()))
TRY(be_dumpable, prctl(PR_SET_DUMPABLE, 1))
TRY(use_keys, syscall(SYS_keyctl, 0, 0))
TRY(use_bpf, syscall(SYS_bpf, 0, NULL, 0))
TRY(use_io_uring, syscall(SYS_io_uring_setup, 1, NULL))
TRY(make_memory_file, memfd_create("a", 0))
TRY(set_host_name, sethostname("a", 1))
TRY(halt, syscall(SYS_reboot, 0, 0, 0, NULL))

static int start_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return error_of(pid);
}

static int new_user_for_a_thread(void)
{
	return error_of(syscall(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_NEWUSER,
				NULL, NULL, NULL, NULL));
}

static int newest_call(void)
{
	return error_of(syscall(4000));
}

static int clone_of_out_of_sight(void)
{
	return error_of(syscall(SYS_clone3, NULL, 0));
}

static const struct forbidden {
	const char *label;
	int (*work)(void);
	int error; /* 0: any */
	bool is_of_landlock;
} forbidden[] = {
	{ "read /etc/shadow", read_shadow, EACCES, true },
	{ "read /etc/passwd", read_passwd, EACCES, true },
	{ "read a file of the user", read_own_file, EACCES, true },
	{ "list /etc", read_etc, EACCES, true },
	{ "list /", read_root, EACCES, true },
	{ "read the own memory", read_memory, EACCES, true },
	{ "read another process", read_parent, EACCES, true },
	{ "write a file", write_file_of_ours, EPERM, false },
	{ "append to a file", append, EPERM, false },
	{ "read and write a file", read_and_write, EPERM, false },
	{ "create a file", create, EPERM, false },
	{ "create a file for reading", create_for_reading, EPERM, false },
	{ "create a file without a name", temporary, EPERM, false },
	{ "truncate by opening", truncate_by_open, EPERM, false },
	{ "openat2", open_how, EPERM, false },
	{ "mkdir", make_directory, EPERM, false },
	{ "mknod", make_fifo, EPERM, false },
	{ "link", make_link, EPERM, false },
	{ "symlink", make_symbolic_link, EPERM, false },
	{ "unlink", remove_file, EPERM, false },
	{ "rename", rename_file, EPERM, false },
	{ "truncate", truncate_file, EPERM, false },
	{ "ftruncate", truncate_descriptor, EPERM, false },
	{ "chmod", change_mode, EPERM, false },
	{ "fchmod", change_mode_of_descriptor, EPERM, false },
	{ "chown", change_owner, EPERM, false },
	{ "fchown", change_owner_of_descriptor, EPERM, false },
	{ "setxattr", set_attribute, EPERM, false },
	{ "utimensat", change_times, EPERM, false },
	{ "chdir", change_directory, EPERM, false },
	{ "chroot", change_root, EPERM, false },
	{ "mount", mount_something, EPERM, false },
	{ "inotify", watch_files, EPERM, false },
	{ "a local stream socket", local_stream, EPERM, false },
	{ "a local datagram socket", local_datagram, EPERM, false },
	{ "a packet socket", packet_socket, EPERM, false },
	{ "a socket to the hypervisor", vsock, EPERM, false },
	{ "a raw socket", raw_socket, 0, false },
	{ "a netlink socket for audit", audit, EPERM, false },
	{ "a pair of datagram sockets", pair_of_datagrams, EPERM, false },
	{ "a pair of packet sockets", pair_of_packets, EPERM, false },
	{ "listen", listen_on_a_port, EPERM, false },
	{ "accept", accept_somebody, EPERM, false },
	{ "connect the pipe", connect_the_pipe, EISCONN, false },
	{ "connect a pair", connect_a_pair, EISCONN, false },
	{ "connect half a pair", connect_half_a_pair, EISCONN, false },
	{ "send to a name", send_to_a_name, 0, false },
	{ "ask systemd", ask_systemd, 0, false },
	{ "ask the bus", ask_the_bus, 0, false },
	{ "write client.keys", write_keys, EPERM, false },
	{ "read client.keys", read_keys, 0, true },
	{ "bind to a path", bind_a_path, 0, true },
	{ "execve", execute, EPERM, false },
	{ "execveat", execute_at, EPERM, false },
	{ "fork", start_process, EPERM, false },
	{ "signal the parent", signal_parent, EPERM, false },
	{ "signal PID 1", signal_init, EPERM, false },
	{ "kill itself", signal_itself, EPERM, false },
	{ "tgkill", signal_thread_of_parent, EPERM, false },
	{ "tkill", signal_any_thread, EPERM, false },
	{ "sigqueue", queue_signal, EPERM, false },
	{ "pidfd_open", open_process, EPERM, false },
	{ "F_SETOWN", signal_by_owner, EPERM, false },
	{ "F_SETSIG", choose_signal, EPERM, false },
	{ "FIOSETOWN", signal_by_ioctl, EPERM, false },
	{ "F_SETLK", lock_file, EPERM, false },
	{ "TIOCSTI", type_for_somebody, EPERM, false },
	{ "ptrace", trace, EPERM, false },
	{ "process_vm_readv", read_memory_of_parent, EPERM, false },
	{ "unshare", new_namespace, EPERM, false },
	{ "a thread in another namespace", new_user_for_a_thread, EPERM, false },
	{ "prlimit", limit_parent, EPERM, false },
	{ "setuid", change_user, EPERM, false },
	{ "setgid", change_group, EPERM, false },
	{ "prctl", be_dumpable, EPERM, false },
	{ "keyctl", use_keys, EPERM, false },
	{ "bpf", use_bpf, EPERM, false },
	{ "io_uring", use_io_uring, EPERM, false },
	{ "memfd_create", make_memory_file, EPERM, false },
	{ "sethostname", set_host_name, EPERM, false },
	{ "reboot", halt, EPERM, false },
	{ "clone3", clone_of_out_of_sight, ENOSYS, false },
	{ "a call of a later kernel", newest_call, ENOSYS, false },
};

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
	for (size_t i = 0; i < COUNT(forbidden); i++) {
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
	assert_true(WIFSIGNALED(status));
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

static int resolve(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list = NULL;

	return getaddrinfo("localhost", "1515", &hints, &list) == 0 ? 0 : 1;
}

TRY(read_library, open("/usr/lib", O_RDONLY | O_DIRECTORY))
TRY(read_hosts, open("/etc/hosts", O_RDONLY))
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
	fclose(status);
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
