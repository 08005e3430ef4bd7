/* SPDX-License-Identifier: ISC */
/*
 * measure COMMAND...: run it once; print its wall time in nanoseconds and its peak memory in KiB.
 * Its status is ours.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **arguments)
{
	struct timespec begin, end;
	struct rusage usage;
	int status;
	pid_t pid;

	if (count < 2)
		return 64;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	pid = fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		execv(arguments[1], arguments + 1);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		return 71;
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%lld %ld\n",
	       (end.tv_sec - begin.tv_sec) * 1000000000LL + end.tv_nsec - begin.tv_nsec,
	       usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
