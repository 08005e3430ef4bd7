/* SPDX-License-Identifier: ISC */
/* Calls about the network, processes and libraries that can fail: see fail-at-call.c. */
#include "tests/integration/fail-at-call.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <spawn.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

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

WRAP(FUNCTION_LISTEN, -1, int, bind, (int fd, const struct sockaddr *address, socklen_t length),
     (fd, address, length))
WRAP(FUNCTION_LISTEN, -1, int, listen, (int fd, int backlog), (fd, backlog))
WRAP(FUNCTION_LISTEN, -1, int, setsockopt,
     (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size))
WRAP(FUNCTION_POLL, -1, int, poll, (struct pollfd * fds, nfds_t count, int timeout),
     (fds, count, timeout))
WRAP(FUNCTION_INOTIFY, -1, int, inotify_init1, (int flags), (flags))
WRAP(FUNCTION_INOTIFY, -1, int, inotify_add_watch, (int fd, const char *path, uint32_t mask),
     (fd, path, mask))
WRAP(FUNCTION_GETRANDOM, -1, ssize_t, getrandom, (void *buffer, size_t size, unsigned int flags),
     (buffer, size, flags))
WRAP(FUNCTION_GETGRNAM, NULL, struct group *, getgrnam, (const char *name), (name))
WRAP(FUNCTION_GETGRNAM, NULL, struct passwd *, getpwnam, (const char *name), (name))

/* dlerror() is asked afterwards, so what fails is a name that there is not. */
void *dlopen(const char *name, int mode)
{
	void *(*real)(const char *, int) = find("dlopen");

	return real(fails(FUNCTION_DLOPEN) ? "/missing.so" : name, mode);
}

int prctl(int option, ...)
{
	static int (*real)(int, ...);
	unsigned long argument[4];
	va_list arguments;

	va_start(arguments, option);
	for (int i = 0; i < 4; i++)
		argument[i] = va_arg(arguments, unsigned long);
	va_end(arguments);
	if ((option == PR_SET_NO_NEW_PRIVS || option == PR_SET_SECCOMP) && fails(FUNCTION_CONFINE))
		return -1;
	if (!real)
		real = find("prctl");
	return real(option, argument[0], argument[1], argument[2], argument[3]);
}

/* These answer with an error. */
WRAP(FUNCTION_FORK, errno, int, posix_spawnp,
     (pid_t * ret, const char *file, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attributes, char *const arguments[], char *const environment[]),
     (ret, file, actions, attributes, arguments, environment))
WRAP(FUNCTION_GETADDRINFO, failure_code(), int, getaddrinfo,
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
