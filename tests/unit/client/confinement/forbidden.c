/* SPDX-License-Identifier: ISC */
#include "tests/unit/client/confinement/forbidden.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
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
#include <sys/xattr.h>
#include <unistd.h>

const char *place;
struct sockaddr_un name, packet_name;
pid_t parent;

int error_of(long result)
{
	return result < 0 ? errno : 0;
}

const char *file(void)
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

const struct forbidden forbidden[] = {
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

const size_t forbidden_count = COUNT(forbidden);
