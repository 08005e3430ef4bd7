/* SPDX-License-Identifier: ISC */
/*
 * kill-at-syscall [--child] NUMBER COMMAND...: run COMMAND and kill it with SIGKILL when it enters
 * its system call number NUMBER (counted from 1, from its first after execve, over all threads).
 * Prints the number of the system call it was killed at. Exit status 0: killed; 3: it ended before
 * that, and the number of system calls it made is printed.
 *
 * With --child, the process that COMMAND makes is killed when that enters its system call number
 * NUMBER, and COMMAND runs to its end; its exit status is printed, too.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(71);
}

static pid_t start(char **command)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execv(command[0], command);
		_exit(127);
	}
	return pid;
}

/* Which system call is the stopped thread entering? */
static long entered(pid_t thread)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) < 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return -1;
	return (long)info.entry.nr;
}

struct killer {
	bool of_child;
	long wanted, seen;
	pid_t pid;    /* of the command */
	long reached; /* the system call that was killed at; -1: none yet */
};

static void trace(struct killer *killer, char **command)
{
	int status;

	killer->pid = start(command);
	if (waitpid(killer->pid, &status, 0) != killer->pid || !WIFSTOPPED(status))
		fail("execve");
	ptrace(PTRACE_SETOPTIONS, killer->pid, NULL,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE |
		       (killer->of_child ? PTRACE_O_TRACEFORK : 0));
	ptrace(PTRACE_SYSCALL, killer->pid, NULL, NULL);
}

/* Take note of a call that begins, and kill whom it is for. */
static void count_call(struct killer *killer, pid_t thread)
{
	long number = entered(thread);

	if (number < 0 || killer->reached >= 0 || (killer->of_child && thread == killer->pid))
		return;
	if (++killer->seen == killer->wanted) {
		kill(killer->of_child ? thread : killer->pid, SIGKILL);
		killer->reached = number;
	}
}

/* Returns the signal to pass on. */
static int judge_stop(struct killer *killer, pid_t thread, int signal_number)
{
	if (signal_number == (SIGTRAP | 0x80)) {
		count_call(killer, thread);
		return 0;
	}
	/* ptrace's own: a new thread or process */
	return signal_number == SIGTRAP || signal_number == SIGSTOP ? 0 : signal_number;
}

int main(int count, char **arguments)
{
	struct killer killer = { .reached = -1 };
	int status, end = 0;
	pid_t thread;

	if (count > 2 && strcmp(arguments[1], "--child") == 0) {
		killer.of_child = true;
		arguments++, count--;
	}
	killer.wanted = count > 2 ? atol(arguments[1]) : 0;
	if (killer.wanted < 1)
		return 64;
	trace(&killer, arguments + 2);
	while ((thread = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status)) {
			int passed = judge_stop(&killer, thread, WSTOPSIG(status));

			ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(long)passed);
		} else if (thread == killer.pid) {
			end = status;
		}
	}
	printf("%ld\n", killer.reached >= 0 ? killer.reached : killer.seen);
	if (killer.of_child)
		printf("%d\n", WIFEXITED(end) ? WEXITSTATUS(end) : -WTERMSIG(end));
	return killer.reached >= 0 ? 0 : 3;
}
