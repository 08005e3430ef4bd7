/* SPDX-License-Identifier: ISC */
#include "registrar/net/listener.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "registrar/net/peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#define BACKLOG 4096 /* the kernel lowers it to net.core.somaxconn */

/* A literal address, or every IPv6 address for null. Returns its size, 0 when it is no address. */
static socklen_t parse_address(const char *text, unsigned short port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	*ret = (struct sockaddr_storage){ 0 };
	if (text && inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof *v4;
	}
	if (!text || inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return sizeof *v6;
	}
	return 0;
}

/* Returns the socket or a negative errno. */
static int make_socket(const struct sockaddr_storage *address, socklen_t size, int only_v6)
{
	cleanup_fd int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
				   IPPROTO_TCP);
	const int on = 1;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return -errno;
	if (address->ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6) < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)address, size) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return take_fd(&fd);
}

static int make_for_all(struct listeners *ret, unsigned short port, struct reason *why)
{
	struct sockaddr_storage address;
	socklen_t size = parse_address(NULL, port, &address);
	int fd = make_socket(&address, size, 0);

	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL) {
		size = parse_address("0.0.0.0", port, &address);
		fd = make_socket(&address, size, 0);
	}
	if (fd < 0)
		return reason_errno(why, fd, "Cannot listen on port %u", port);
	*ret = (struct listeners){ .fds = { fd }, .count = 1 };
	return 0;
}

int listeners_make(struct listeners *ret, const char *const *addresses, size_t count,
		   unsigned short port, struct reason *why)
{
	struct listeners made = { .count = 0 };

	if (count == 0)
		return make_for_all(ret, port, why);
	for (size_t i = 0; i < count && i < LISTENERS_MAX; i++) {
		struct sockaddr_storage address;
		socklen_t size = parse_address(addresses[i], port, &address);
		int fd = size ? make_socket(&address, size, 1) : -EINVAL;

		if (fd < 0) {
			char shown[128];

			listeners_close(&made);
			return reason_errno(why, fd, "Cannot listen on %s port %u",
					    escape_string(shown, sizeof shown, addresses[i]), port);
		}
		made.fds[made.count++] = fd;
	}
	*ret = made;
	return 0;
}

static void free_names(char ***names)
{
	for (char **name = *names; name && *name; name++)
		free(*name);
	free(*names);
}

static struct listeners *find_kind(const struct passed_kind *kinds, size_t count, const char *name)
{
	for (size_t i = 1; i < count; i++)
		if (name && strcmp(kinds[i].name, name) == 0)
			return kinds[i].ret;
	return kinds[0].ret;
}

/* 0 or a negative errno with `why` set. */
static int take_passed(struct listeners *ret, int fd, struct reason *why)
{
	int flags = fcntl(fd, F_GETFL);

	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) {
		reason_set(why,
			   "Passed file descriptor %d "
			   "is not a listening stream socket (ListenStream=)",
			   fd);
		return -EINVAL;
	}
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return reason_errno(why, errno, "Cannot use the socket that systemd passed");
	if (ret->count == LISTENERS_MAX) {
		reason_set(why, "systemd passed more than %d sockets for one port", LISTENERS_MAX);
		return -E2BIG;
	}
	ret->fds[ret->count++] = fd;
	return 0;
}

int listeners_take_passed(const struct passed_kind *kinds, size_t count, struct reason *why)
{
	cleanup(free_names) char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names), r = 0;

	if (n < 0)
		return reason_errno(why, n, "Cannot take the sockets that systemd passed");
	for (int i = 0; i < n && r >= 0; i++)
		r = take_passed(find_kind(kinds, count, names ? names[i] : NULL),
				SD_LISTEN_FDS_START + i, why);
	for (size_t i = 0; i < count && r < 0; i++)
		kinds[i].ret->count = 0;
	return r < 0 ? r : n;
}

int listener_describe(int fd, char *buffer, size_t size)
{
	struct sockaddr_storage address = { 0 };
	socklen_t length = sizeof address;
	struct peer described;

	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return -errno;
	if (address.ss_family != AF_INET && address.ss_family != AF_INET6)
		return -EAFNOSUPPORT;
	peer_describe(&described, &address);
	(void)snprintf(buffer, size, "%s", described.text);
	return 0;
}

void listeners_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		release_fd(&listeners->fds[i]);
	listeners->count = 0;
}
