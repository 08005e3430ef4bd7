/* SPDX-License-Identifier: ISC */
/*
 * kill-at-syscall [--child] NUMBER COMMAND...: run COMMAND and kill it with SIGKILL when it enters
 * its system call number NUMBER (counted from 1, from its first after execve, over all threads).
 * Calls that change nothing outside the process are not counted: who is killed at one leaves what
 * he leaves at the next one that is. Prints the number of the system call it was killed at. Exit
 * status 0: killed; 3: it ended before that, and the number of calls that were counted is printed.
 *
 * Ends when every process of COMMAND has: one that outlives the killed one for a moment still holds
 * what it has inherited, such as a lock.
 *
 * With --child, the process that COMMAND makes is killed when that enters its system call number
 * NUMBER, and COMMAND runs to its end; its exit status is printed, too.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
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

/*
 * What only looks, or ends with the process by itself. Calls that wait are counted, because others
 * do something meanwhile.
 */
static const long without_effect[] = {
#ifdef SYS_access /* architectures that are not new */
	SYS_access,
	SYS_stat,
	SYS_lstat,
	SYS_readlink,
	SYS_getdents,
	SYS_arch_prctl,
	SYS_dup2,
#endif
	SYS_brk,
	SYS_mmap,
	SYS_mprotect,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_read,
	SYS_pread64,
	SYS_readv,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_lseek,
	SYS_fstat,
	SYS_newfstatat,
	SYS_statx,
	SYS_statfs,
	SYS_fstatfs,
	SYS_faccessat,
	SYS_faccessat2,
	SYS_readlinkat,
	SYS_getdents64,
	SYS_getcwd,
	SYS_getxattr,
	SYS_fgetxattr,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_signalfd4,
	SYS_getpid,
	SYS_gettid,
	SYS_getppid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_getgroups,
	SYS_capget,
	SYS_prlimit64,
	SYS_uname,
	SYS_sysinfo,
	SYS_getrandom,
	SYS_clock_gettime,
	SYS_futex,
	SYS_fcntl,
	SYS_flock,
	SYS_close,
	SYS_dup,
	SYS_dup3,
	SYS_pipe2,
	SYS_socket,
	SYS_socketpair,
	SYS_setsockopt,
	SYS_getsockopt,
	SYS_getsockname,
	SYS_getpeername,
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_eventfd2,
	SYS_timerfd_create,
	SYS_timerfd_settime,
	SYS_set_robust_list,
	SYS_set_tid_address,
	SYS_rseq,
	SYS_sched_getaffinity,
	SYS_sched_yield,
};

/* The flags of an open(), or -1. Those of openat2() are in the memory of the thread. */
static long flags_of(pid_t thread, const struct __ptrace_syscall_info *info)
{
	const long number = (long)info->entry.nr;

	if (number == SYS_openat)
		return (long)info->entry.args[2];
	if (number == SYS_openat2) /* the first member of struct open_how */
		return ptrace(PTRACE_PEEKDATA, thread, (void *)info->entry.args[2], NULL);
#ifdef SYS_open
	if (number == SYS_open)
		return (long)info->entry.args[1];
#endif
	return -1;
}

static bool has_effect(pid_t thread, const struct __ptrace_syscall_info *info)
{
	const long flags = flags_of(thread, info);

	if (flags >= 0 && !(flags & (O_CREAT | O_TRUNC)))
		return false;
	for (size_t i = 0; i < sizeof without_effect / sizeof without_effect[0]; i++)
		if ((long)info->entry.nr == without_effect[i])
			return false;
	return true;
}

/* Which system call with an effect is the stopped thread entering? Returns -1: none. */
static long entered(pid_t thread)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) < 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY || !has_effect(thread, &info))
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

/* Become the parent of what the command leaves behind, so that its end can be waited for, too. */
static void adopt_orphans(void)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L) < 0)
		fail("prctl");
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
	adopt_orphans();
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
