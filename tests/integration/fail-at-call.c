/* SPDX-License-Identifier: ISC */
/*
 * A library for LD_PRELOAD that makes one call of one function fail, in whichever process of a
 * program it is made. Which, and how, is in a file that the test maps as well ($FAIL_AT_CALL):
 * fail_at_call.py. Several names can count as one function: what is tested is whether the program
 * bears that this fails.
 *
 * It can also note from where each call of a function comes, so that of thousands of calls those
 * can be chosen that differ.
 */
#undef _FORTIFY_SOURCE /* its functions are the ones defined here */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <netdb.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>
#include <unwind.h>

/* In the order of FUNCTIONS in fail_at_call.py. */
enum function {
	FUNCTION_NONE,
	FUNCTION_MALLOC,
	FUNCTION_OPEN,
	FUNCTION_READ,
	FUNCTION_WRITE,
	FUNCTION_SEND,
	FUNCTION_RECV,
	FUNCTION_FSYNC,
	FUNCTION_RENAME,
	FUNCTION_SOCKET,
	FUNCTION_CONNECT,
	FUNCTION_GETADDRINFO,
	FUNCTION_SSL_READ,
	FUNCTION_SSL_WRITE,
	FUNCTION_ACCEPT,
	FUNCTION_FORK,
	FUNCTION_SOCKETPAIR,
	FUNCTION_THREAD,
	FUNCTION_SD_NOTIFY,
	FUNCTION_SETRLIMIT,
	FUNCTION_EVENT_ADD,
	FUNCTION_EPOLL_CTL,
	FUNCTION_DUP,
	FUNCTION_SET_USER,
	FUNCTION_COUNT
};

#define SITES_MAX 131072
#define DEPTH_MAX 48

/* From where a call came: hashes of its return addresses, all of them and the program's own. */
struct site {
	uint64_t whole, own;
};

struct control {
	_Atomic uint32_t function;             /* that shall fail */
	_Atomic uint32_t number;               /* at which of its calls, from 1; 0: at `wanted` */
	_Atomic uint32_t error;                /* with this errno, or EAI_ code */
	_Atomic uint32_t failed;               /* how often it has */
	_Atomic uint32_t traced;               /* the function whose calls have their sites noted */
	_Atomic uint32_t seen[FUNCTION_COUNT]; /* calls so far */
	struct site failed_at;
	struct site wanted;                         /* whose first call shall fail; 0: any */
	alignas(4096) struct site sites[SITES_MAX]; /* by number */
};

static struct control *control;
static struct dl_find_object self;

__attribute__((constructor)) static void find_control(void)
{
	const char *path = getenv("FAIL_AT_CALL");
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
	void *mapped;

	if (fd < 0)
		return;
	mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (mapped != MAP_FAILED && _dl_find_object((void *)find_control, &self) == 0)
		control = mapped;
}

/* ------------------------------------------------------------------ sites */

struct walk {
	struct site site;
	unsigned int depth;
};

static void mix(uint64_t *hash, uint64_t value)
{
	*hash = (*hash ^ value) * 0x100000001b3; /* FNV-1a, of words instead of bytes */
	*hash ^= *hash >> 29;
}

static bool is_own(const struct dl_find_object *object)
{
	const char *name = object->dlfo_link_map->l_name, *last = strrchr(name, '/');

	return name[0] == '\0' || (last && strncmp(last, "/agent-regist", 13) == 0);
}

/* An address within its object: where that is mapped differs from run to run. */
static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *argument)
{
	struct walk *walk = argument;
	uintptr_t address = _Unwind_GetIP(context);
	struct dl_find_object object;

	if (++walk->depth > DEPTH_MAX || address == 0 ||
	    _dl_find_object((void *)address, &object) != 0)
		return _URC_END_OF_STACK;
	if (object.dlfo_map_start == self.dlfo_map_start)
		return _URC_NO_REASON;
	address -= (uintptr_t)object.dlfo_map_start;
	mix(&walk->site.whole, address);
	if (is_own(&object))
		mix(&walk->site.own, address);
	return _URC_NO_REASON;
}

/* What the unwinder itself calls is not counted. */
static __thread bool is_walking __attribute__((tls_model("initial-exec")));

static struct site find_site(void)
{
	struct walk walk = { .depth = 0 };

	is_walking = true;
	(void)_Unwind_Backtrace(take_frame, &walk);
	is_walking = false;
	return walk.site;
}

static bool is_wanted(void)
{
	const struct site *wanted = &control->wanted;
	struct site site;

	if (control->failed > 0)
		return false;
	site = find_site();
	return (wanted->whole == 0 || wanted->whole == site.whole) && wanted->own == site.own;
}

/* Shall this call fail? errno is set then. */
static bool fails(enum function function)
{
	uint32_t number;

	if (!control || is_walking)
		return false;
	number = atomic_fetch_add(&control->seen[function], 1) + 1;
	if (control->traced == function && number <= SITES_MAX)
		control->sites[number - 1] = find_site();
	if (control->function != function ||
	    !(control->number > 0 ? control->number == number : is_wanted()))
		return false;
	control->failed_at = find_site();
	control->failed++;
	errno = (int)control->error;
	return true;
}

static void *find(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* A function that fails with `failure`. */
#define WRAP(function, failure, type, name, parameters, arguments) \
	type name parameters;                                      \
	type name parameters                                       \
	{                                                          \
		static type(*real) parameters;                     \
                                                                   \
		if (fails(function))                               \
			return failure;                            \
		if (!real)                                         \
			real = find(#name);                        \
		return real arguments;                             \
	}

/* ------------------------------------------------------------------ memory */

/* dlsym() itself may need memory, so these are not looked up: a sanitizer's, or the C library's. */
#define ALLOCATOR(type, name, parameters, arguments)                         \
	extern type __libc_##name parameters;                                \
	extern type __interceptor_##name parameters __attribute__((weak));   \
	type name parameters                                                 \
	{                                                                    \
		if (fails(FUNCTION_MALLOC))                                  \
			return NULL;                                         \
		return __interceptor_##name ? __interceptor_##name arguments \
					    : __libc_##name arguments;       \
	}

ALLOCATOR(void *, malloc, (size_t size), (size))
ALLOCATOR(void *, calloc, (size_t count, size_t size), (count, size))
ALLOCATOR(void *, realloc, (void *old, size_t size), (old, size))

/* ------------------------------------------------------------------ files */

#define PLAIN(...) __VA_ARGS__
#define WRAP_OPEN(name, parameters, arguments)                                     \
	int name(PLAIN parameters, int flags, ...)                                 \
	{                                                                          \
		static int (*real)(PLAIN parameters, int, ...);                    \
		va_list more;                                                      \
		mode_t mode;                                                       \
                                                                                   \
		va_start(more, flags);                                             \
		mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0; \
		va_end(more);                                                      \
		if (fails(FUNCTION_OPEN))                                          \
			return -1;                                                 \
		if (!real)                                                         \
			real = find(#name);                                        \
		return real(PLAIN arguments, flags, mode);                         \
	}

WRAP_OPEN(open, (const char *path), (path))
WRAP_OPEN(open64, (const char *path), (path))
WRAP_OPEN(openat, (int directory, const char *path), (directory, path))
WRAP_OPEN(openat64, (int directory, const char *path), (directory, path))
WRAP(FUNCTION_OPEN, -1, int, __open_2, (const char *path, int flags), (path, flags))
WRAP(FUNCTION_OPEN, -1, int, __open64_2, (const char *path, int flags), (path, flags))
WRAP(FUNCTION_OPEN, -1, int, __openat_2, (int directory, const char *path, int flags),
     (directory, path, flags))
WRAP(FUNCTION_OPEN, -1, int, __openat64_2, (int directory, const char *path, int flags),
     (directory, path, flags))
WRAP(FUNCTION_OPEN, NULL, FILE *, fopen, (const char *path, const char *mode), (path, mode))
WRAP(FUNCTION_OPEN, NULL, FILE *, fopen64, (const char *path, const char *mode), (path, mode))
WRAP(FUNCTION_OPEN, NULL, DIR *, opendir, (const char *path), (path))

/* openat2() and capset() have no other name. */
long syscall(long number, ...)
{
	static long (*real)(long, ...);
	long argument[6];
	va_list arguments;

	va_start(arguments, number);
	for (int i = 0; i < 6; i++)
		argument[i] = va_arg(arguments, long);
	va_end(arguments);
	if ((number == SYS_openat2 && fails(FUNCTION_OPEN)) ||
	    (number == SYS_capset && fails(FUNCTION_SET_USER)))
		return -1;
	if (!real)
		real = find("syscall");
	return real(number, argument[0], argument[1], argument[2], argument[3], argument[4],
		    argument[5]);
}

/* What a disk has, no socket does: its connection is lost. */
static ssize_t fail_on(int fd)
{
	int type;
	socklen_t size = sizeof type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0)
		errno = ECONNRESET;
	else
		errno = (int)control->error;
	return -1;
}

WRAP(FUNCTION_READ, fail_on(fd), ssize_t, read, (int fd, void *buffer, size_t size),
     (fd, buffer, size))
WRAP(FUNCTION_READ, fail_on(fd), ssize_t, __read_chk,
     (int fd, void *buffer, size_t size, size_t room), (fd, buffer, size, room))
WRAP(FUNCTION_READ, -1, ssize_t, pread, (int fd, void *buffer, size_t size, off_t at),
     (fd, buffer, size, at))
WRAP(FUNCTION_RECV, -1, ssize_t, recv, (int fd, void *buffer, size_t size, int flags),
     (fd, buffer, size, flags))
WRAP(FUNCTION_READ, fail_on(fd), ssize_t, readv, (int fd, const struct iovec *data, int count),
     (fd, data, count))
WRAP(FUNCTION_WRITE, fail_on(fd), ssize_t, write, (int fd, const void *data, size_t size),
     (fd, data, size))
WRAP(FUNCTION_WRITE, -1, ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at),
     (fd, data, size, at))
WRAP(FUNCTION_SEND, -1, ssize_t, send, (int fd, const void *data, size_t size, int flags),
     (fd, data, size, flags))
WRAP(FUNCTION_WRITE, fail_on(fd), ssize_t, writev, (int fd, const struct iovec *data, int count),
     (fd, data, count))
WRAP(FUNCTION_WRITE, -1, int, ftruncate, (int fd, off_t size), (fd, size))
WRAP(FUNCTION_WRITE, -1, int, fallocate, (int fd, int mode, off_t at, off_t size),
     (fd, mode, at, size))
WRAP(FUNCTION_FSYNC, -1, int, fsync, (int fd), (fd))
WRAP(FUNCTION_FSYNC, -1, int, fdatasync, (int fd), (fd))
WRAP(FUNCTION_RENAME, -1, int, rename, (const char *from, const char *to), (from, to))
WRAP(FUNCTION_RENAME, -1, int, renameat, (int a, const char *from, int b, const char *to),
     (a, from, b, to))
WRAP(FUNCTION_RENAME, -1, int, linkat, (int a, const char *from, int b, const char *to, int flags),
     (a, from, b, to, flags))
WRAP(FUNCTION_RENAME, -1, int, unlinkat, (int directory, const char *path, int flags),
     (directory, path, flags))

/* ------------------------------------------------------------------ network and processes */

WRAP(FUNCTION_SOCKET, -1, int, socket, (int family, int type, int protocol),
     (family, type, protocol))
WRAP(FUNCTION_SOCKET, -1, int, eventfd, (unsigned int value, int flags), (value, flags))
WRAP(FUNCTION_SOCKET, -1, int, timerfd_create, (int clock, int flags), (clock, flags))
WRAP(FUNCTION_SOCKET, -1, int, signalfd, (int fd, const sigset_t *mask, int flags),
     (fd, mask, flags))
WRAP(FUNCTION_SOCKET, -1, int, epoll_create1, (int flags), (flags))
WRAP(FUNCTION_SOCKETPAIR, -1, int, socketpair, (int family, int type, int protocol, int fds[2]),
     (family, type, protocol, fds))
WRAP(FUNCTION_SOCKETPAIR, -1, int, pipe2, (int fds[2], int flags), (fds, flags))
WRAP(FUNCTION_SOCKETPAIR, -1, int, pipe, (int fds[2]), (fds))
WRAP(FUNCTION_CONNECT, -1, int, connect, (int fd, const struct sockaddr *address, socklen_t length),
     (fd, address, length))
WRAP(FUNCTION_ACCEPT, -1, int, accept, (int fd, struct sockaddr *address, socklen_t *length),
     (fd, address, length))
WRAP(FUNCTION_ACCEPT, -1, int, accept4,
     (int fd, struct sockaddr *address, socklen_t *length, int flags), (fd, address, length, flags))
WRAP(FUNCTION_FORK, -1, pid_t, fork, (void), ())
WRAP(FUNCTION_SD_NOTIFY, -1, ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags),
     (fd, message, flags))

WRAP(FUNCTION_SETRLIMIT, -1, int, setrlimit,
     (__rlimit_resource_t resource, const struct rlimit *limit), (resource, limit))

/* libevent's, and what it does of it. A descriptor that is watched no more is never refused. */
WRAP(FUNCTION_EVENT_ADD, -1, int, event_add, (void *event, const struct timeval *time),
     (event, time))

int epoll_ctl(int epoll, int operation, int fd, struct epoll_event *event)
{
	static int (*real)(int, int, int, struct epoll_event *);

	if (operation != EPOLL_CTL_DEL && fails(FUNCTION_EPOLL_CTL))
		return -1;
	if (!real)
		real = find("epoll_ctl");
	return real(epoll, operation, fd, event);
}

WRAP(FUNCTION_DUP, -1, int, dup2, (int fd, int other), (fd, other))
WRAP(FUNCTION_DUP, -1, int, dup3, (int fd, int other, int flags), (fd, other, flags))
WRAP(FUNCTION_SET_USER, -1, int, setgroups, (size_t count, const gid_t *groups), (count, groups))
WRAP(FUNCTION_SET_USER, -1, int, setresgid, (gid_t real_gid, gid_t effective, gid_t saved),
     (real_gid, effective, saved))
WRAP(FUNCTION_SET_USER, -1, int, setresuid, (uid_t real_uid, uid_t effective, uid_t saved),
     (real_uid, effective, saved))

/* These two answer with an error. */
WRAP(FUNCTION_GETADDRINFO, (int)(int32_t)control->error, int, getaddrinfo,
     (const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret),
     (host, service, hints, ret))
WRAP(FUNCTION_THREAD, errno, int, pthread_create,
     (pthread_t * ret, const pthread_attr_t *attributes, void *(*run)(void *), void *argument),
     (ret, attributes, run, argument))

/* ------------------------------------------------------------------ OpenSSL */

/* Only in programs that have it. An error of the library itself: one of the socket is read()'s. */
extern void ERR_new(void) __attribute__((weak));
extern void ERR_set_error(int library, int reason, const char *format, ...) __attribute__((weak));

static int raise_error(void)
{
	if (ERR_new) {
		ERR_new();
		ERR_set_error(20 /* ERR_LIB_SSL */, 68 /* ERR_R_INTERNAL_ERROR */, NULL);
	}
	return -1;
}

WRAP(FUNCTION_SSL_READ, raise_error(), int, SSL_read, (void *ssl, void *buffer, int size),
     (ssl, buffer, size))
WRAP(FUNCTION_SSL_WRITE, raise_error(), int, SSL_write, (void *ssl, const void *data, int size),
     (ssl, data, size))
