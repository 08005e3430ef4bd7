/* SPDX-License-Identifier: ISC */
#include "registrar/front-acceptor.h"

#include "common/log.h"
#include "registrar/keeper-socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_accept(evutil_socket_t listener, short what, void *argument)
{
	const struct front_acceptor *acceptor = argument;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), r;
	uid_t user;

	(void)what;
	if (fd < 0)
		return;
	if (!keeper_socket_may(fd, acceptor->front_user, &user)) {
		log_warning("Refused a connection of the user %d: it is no front's", (int)user);
		close(fd);
		return;
	}
	r = keeper_server_add(acceptor->server, fd);
	if (r < 0 && r != -EMFILE) /* that was logged */
		log_error("Cannot serve another front: %s", strerrordesc_np(-r));
}

int front_acceptor_begin(struct front_acceptor *acceptor, struct event_base *base,
			 const struct listeners *listeners, struct keeper_server *server)
{
	int r = keeper_socket_front_user(&acceptor->front_user);

	acceptor->server = server;
	if (r < 0)
		return r;
	for (size_t i = 0; i < listeners->count; i++) {
		struct event *event = event_new(base, listeners->fds[i], EV_READ | EV_PERSIST,
						on_accept, acceptor);

		acceptor->events[i] = event;
		if (!event || event_add(event, NULL) < 0)
			return -ENOMEM;
	}
	return 0;
}

void front_acceptor_end(struct front_acceptor *acceptor)
{
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		if (acceptor->events[i])
			event_free(acceptor->events[i]);
	memset(acceptor->events, 0, sizeof acceptor->events);
}
