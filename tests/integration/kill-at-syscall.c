/* SPDX-License-Identifier: ISC */
/*
 * kill-at-syscall NUMBER COMMAND...: run COMMAND and kill it with SIGKILL when it enters its system
 * call number NUMBER (counted from 1, from its first after execve, over all its threads). Prints
 * the number of the system call it was killed at. Exit status 0: killed; 3: it ended before that,
 * and the number of system calls it made is printed.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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

int main(int count, char **arguments)
{
	long wanted = count > 2 ? atol(arguments[1]) : 0, seen = 0;
	int status, signal_number;
	pid_t pid, thread;

	if (wanted < 1)
		return 64;
	pid = start(arguments + 2);
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		fail("execve");
	ptrace(PTRACE_SETOPTIONS, pid, NULL,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE);
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);

	while ((thread = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (thread != pid)
				continue;
			printf("%ld\n", seen);
			return 3;
		}
		signal_number = WSTOPSIG(status);
		if (signal_number == (SIGTRAP | 0x80)) {
			long number = entered(thread);

			if (number >= 0 && ++seen == wanted) {
				kill(pid, SIGKILL);
				while (waitpid(-1, &status, __WALL) > 0)
					;
				printf("%ld\n", number);
				return 0;
			}
			signal_number = 0;
		} else if (signal_number == SIGTRAP || signal_number == SIGSTOP) {
			signal_number = 0; /* ptrace's own: a new thread */
		}
		ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(long)signal_number);
	}
	fail("wait");
}
