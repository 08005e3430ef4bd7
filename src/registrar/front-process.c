/* SPDX-License-Identifier: ISC */
#include "registrar/front-process.h"

#include "common/cleanup.h"
#include "common/close-range.h"
#include "common/privileges.h"
#include "common/secret.h"
#include "common/shortage.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define LAST_ALARM 2 /* seconds that a front without a keeper may take to end by itself */

int front_process_begin(struct front_process *ret, struct reason *why)
{
	pid_t keeper = getpid(), child;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		return reason_errno(why, errno, "Cannot make a pair of sockets");
	child = fork();
	if (child < 0) {
		int r = reason_errno(why, errno, "Cannot make the process of the front");

		close(ends[0]);
		close(ends[1]);
		return r;
	}
	close(ends[child == 0 ? 0 : 1]);
	*ret = (struct front_process){
		.pid = child == 0 ? keeper : child,
		.fd = ends[child == 0 ? 1 : 0],
	};
	return child == 0;
}

void front_process_end(struct front_process *front)
{
	release_fd(&front->fd);
	if (front->pid > 0)
		(void)waitpid(front->pid, NULL, 0);
	*front = FRONT_PROCESS_NULL;
}

/* ------------------------------------------------------------------ what a front gives up */

/* The lowest of them that is at least `from`; INT_MAX: none. */
static int next_kept(const int *descriptors, size_t count, int from)
{
	int lowest = INT_MAX;

	for (size_t i = 0; i < count; i++)
		if (descriptors[i] >= from && descriptors[i] < lowest)
			lowest = descriptors[i];
	return lowest;
}

/* 0 or a negative errno. */
static int close_others(const int *descriptors, size_t count)
{
	int from = STDERR_FILENO + 1, r = 0;

	while (r == 0 && from < INT_MAX) {
		int kept = next_kept(descriptors, count, from);

		r = close_descriptors(from, kept == INT_MAX ? INT_MAX : kept - 1);
		from = kept == INT_MAX ? INT_MAX : kept + 1;
	}
	return r;
}

/* Where that takes a capability which is not there, nothing can be gained by any of them. */
static void empty_bounding_set(void)
{
	for (unsigned long capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0;)
		capability++;
}

static int become(const struct passwd *user, struct reason *why)
{
	if (setgroups(1, &user->pw_gid) < 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		return reason_errno(why, errno, "The front cannot become the user %s",
				    user->pw_name);
	return 0;
}

int front_process_find_user(const struct passwd **ret, const char *name, struct reason *why)
{
	const struct passwd *user;

	errno = 0;
	user = getpwnam(name);
	if (!user && is_shortage(errno))
		return reason_errno(why, errno, "Cannot look up the user %s", name);
	*ret = user;
	return 0;
}

static int leave_root(bool has_keeper, struct reason *why)
{
	const struct passwd *user;
	int r = front_process_find_user(&user, FRONT_USER, why);

	if (r == 0 && !user && has_keeper)
		r = front_process_find_user(&user, "nobody", why);
	if (r < 0)
		return r;
	if (!user || user->pw_uid == 0) {
		reason_set(why,
			   "There is no user %s for the front; create it with: systemd-sysusers",
			   has_keeper ? "nobody" : FRONT_USER);
		return -ESRCH;
	}
	empty_bounding_set();
	return become(user, why);
}

/* The event loop notices that the keeper has gone, says so, and ends; if it does not, this does. */
static void on_keeper_gone(int number)
{
	(void)number;
	(void)alarm(LAST_ALARM);
}

/* Behind the change of the user, which takes this back. */
static int end_with(pid_t keeper, struct reason *why)
{
	const struct sigaction action = { .sa_handler = on_keeper_gone, .sa_flags = SA_RESTART };

	if (sigaction(SIGUSR1, &action, NULL) < 0 || prctl(PR_SET_PDEATHSIG, SIGUSR1, 0, 0, 0) < 0)
		return reason_errno(why, errno, "The front cannot see whether the keeper goes");
	if (getppid() != keeper)
		on_keeper_gone(SIGUSR1);
	return 0;
}

int front_process_confine(const int *descriptors, size_t count, pid_t keeper, struct reason *why)
{
	int r = close_others(descriptors, count);

	if (r < 0)
		return reason_errno(why, r, "The front cannot close what it does not need");
	r = geteuid() == 0 ? leave_root(keeper > 0, why) : 0;
	if (r < 0)
		return r;
	r = privileges_drop();
	if (r < 0)
		return reason_errno(why, r, "The front cannot give up its capabilities");
	secret_protect_process(); /* another user's process could be looked into again */
	return keeper > 0 ? end_with(keeper, why) : 0;
}
