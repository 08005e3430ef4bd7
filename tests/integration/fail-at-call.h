/* SPDX-License-Identifier: ISC */
/*
 * What the files of fail-at-call.so share: which function a call counts as, and whether it shall
 * fail. (fail-at-call.c)
 */
#pragma once

#undef _FORTIFY_SOURCE /* its functions are the ones defined here */
#include <dlfcn.h>
#include <stdbool.h>

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
	FUNCTION_CONFINE,
	FUNCTION_STAT,
	FUNCTION_MKDIR,
	FUNCTION_CHMOD,
	FUNCTION_FLOCK,
	FUNCTION_GETRANDOM,
	FUNCTION_LISTEN,
	FUNCTION_POLL,
	FUNCTION_INOTIFY,
	FUNCTION_DLOPEN,
	FUNCTION_GETGRNAM,
	FUNCTION_COUNT
};

/* Shall this call fail? errno is set then. */
bool fails(enum function function);

/* The errno, or EAI_ code, that it fails with. */
int failure_code(void);

static inline void *find(const char *name)
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
