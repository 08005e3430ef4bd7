/* SPDX-License-Identifier: ISC */
#include "registrar/keeper-socket.h"

#include "common/cleanup.h"
#include "common/escape.h"
#include "registrar/front-process.h"

#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 16

/* A socket, and its address. Returns the descriptor, or a negative errno. */
static int open_socket(struct sockaddr_un *ret, const char *path)
{
	int fd;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof ret->sun_path)
		return -ENAMETOOLONG;
	memcpy(ret->sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

int keeper_socket_connect(const char *path)
{
	struct sockaddr_un address;
	cleanup_fd int fd = open_socket(&address, path);

	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	return take_fd(&fd);
}

/* What a keeper that was killed has left. */
static void remove_stale(const char *path)
{
	cleanup_fd int fd = keeper_socket_connect(path);
	struct stat status;

	if (fd == -ECONNREFUSED && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
		(void)unlink(path);
}

/* 0 or a negative errno. */
static int open_to_front(const char *path)
{
	const struct passwd *user = NULL;
	struct reason unused;
	int r = geteuid() == 0 ? front_process_find_user(&user, FRONT_USER, &unused) : 0;

	if (r < 0)
		return r;
	if (user && chown(path, (uid_t)-1, user->pw_gid) < 0)
		return -errno;
	return chmod(path, 0660) < 0 ? -errno : 0;
}

/* Returns the socket or a negative errno. */
static int make_socket(const char *path)
{
	struct sockaddr_un address;
	cleanup_fd int fd = open_socket(&address, path);
	mode_t mask;
	int r;

	if (fd < 0)
		return fd;
	remove_stale(path);
	mask = umask(0177); /* nobody else, before the group is known */
	r = bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
	(void)umask(mask);
	if (r >= 0)
		r = open_to_front(path);
	if (r >= 0 && listen(fd, BACKLOG) < 0)
		r = -errno;
	return r < 0 ? r : take_fd(&fd);
}

int keeper_socket_listen(struct listeners *ret, const char *path, struct reason *why)
{
	const struct passed_kind kind = { "keeper", ret };
	int r = listeners_take_passed(&kind, 1, why), fd;
	char shown[128];

	if (r != 0)
		return r < 0 ? r : 0;
	fd = make_socket(path);
	if (fd < 0)
		return reason_errno(why, fd, "Cannot listen on %s",
				    escape_string(shown, sizeof shown, path));
	*ret = (struct listeners){ .fds = { fd }, .count = 1 };
	return 0;
}

int keeper_socket_front_user(uid_t *ret)
{
	const struct passwd *user;
	struct reason unused;
	int r = front_process_find_user(&user, FRONT_USER, &unused);

	if (r < 0)
		return r;
	*ret = user ? user->pw_uid : (uid_t)-1;
	return 0;
}

bool keeper_socket_may(int fd, uid_t front_user, uid_t *ret)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t size = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		peer.uid = (uid_t)-1;
	*ret = peer.uid;
	return peer.uid != (uid_t)-1 &&
	       (peer.uid == 0 || peer.uid == geteuid() || peer.uid == front_user);
}
