/* SPDX-License-Identifier: ISC */
#include "registrar/front-acceptor.h"

#include "common/log.h"
#include "registrar/keeper-socket.h"
#include "registrar/net/loop-events.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct timeval retry_time = { .tv_usec = 200 * 1000 };

/* Whoever cannot be accepted stays where he waits, and the listener readable. */
static void pause_listening(struct front_acceptor *acceptor, int error)
{
	if (keeper_server_may_log(acceptor->server))
		log_warning("Cannot accept fronts for a moment: %s", strerrordesc_np(error));
	if (event_add(acceptor->resume, &retry_time) < 0)
		return; /* rather tried again at once than never */
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		if (acceptor->events[i])
			(void)event_del(acceptor->events[i]);
}

static void on_resume(evutil_socket_t fd, short what, void *argument)
{
	struct front_acceptor *acceptor = argument;

	(void)fd, (void)what;
	for (size_t i = 0; i < LISTENERS_MAX; i++)
		if (acceptor->events[i] && event_add(acceptor->events[i], NULL) < 0)
			(void)event_add(acceptor->resume, &retry_time);
}

/* What is wrong with one connection alone needs no pause: it is gone. */
static bool needs_pause(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void refuse(struct front_acceptor *acceptor, int fd, uid_t user)
{
	if (keeper_server_may_log(acceptor->server))
		log_warning("Refused a connection of the user %d: it is no front's", (int)user);
	close(fd);
}

static void on_accept(evutil_socket_t listener, short what, void *argument)
{
	struct front_acceptor *acceptor = argument;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), r;
	uid_t user;

	(void)what;
	if (fd < 0) {
		if (needs_pause(errno))
			pause_listening(acceptor, errno);
		return;
	}
	if (!keeper_socket_may(fd, acceptor->front_user, &user)) {
		refuse(acceptor, fd, user);
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
	acceptor->resume = evtimer_new(base, on_resume, acceptor);
	if (!acceptor->resume)
		return -ENOMEM;
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
		free_event(&acceptor->events[i]);
	free_event(&acceptor->resume);
}
