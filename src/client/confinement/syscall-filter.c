/* SPDX-License-Identifier: ISC */
#include "client/confinement/syscall-filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__) && !defined(__ILP32__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && defined(__AARCH64EL__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0 /* the list has not been tried there */
#endif

/* The first call that is newer than this list: that of Linux 6.2 and later. */
#define NEWEST 451
#define X32_BIT 0x40000000u

/* ------------------------------------------------------------------ the list */

/* Of the low 32 bits of an argument those in `mask` must be `value`; 0: no condition. */
struct condition {
	unsigned int argument;
	uint32_t mask, value;
};

/* A call may be made if one of its rows has no condition that fails. */
struct row {
	int number;
	struct condition conditions[2];
};

#define ALL UINT32_MAX
#define ANY_WAY(name)             \
	{                         \
		SYS_##name,       \
		{                 \
			{         \
				0 \
			}         \
		}                 \
	}
#define IF(name, ...)               \
	{                           \
		SYS_##name,         \
		{                   \
			__VA_ARGS__ \
		}                   \
	}

/* Reading only; Landlock says what. */
#define OPEN_FOR_WRITING (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))
/* A thread of this process, in the same namespaces. */
#define THREAD (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)
#define NAMESPACES                                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)
#define SOCKET_TYPE 0xf /* without SOCK_CLOEXEC and SOCK_NONBLOCK */

static const struct row list[] = {
	/* descriptors */
	ANY_WAY(read),
	ANY_WAY(readv),
	ANY_WAY(pread64),
	ANY_WAY(write),
	ANY_WAY(writev),
	ANY_WAY(lseek),
	ANY_WAY(close),
	ANY_WAY(dup3),
	ANY_WAY(pipe2),
	ANY_WAY(eventfd2),
	/* not F_SETOWN and F_SETSIG: they send signals */
	IF(fcntl, { 1, ALL, F_GETFD }),
	IF(fcntl, { 1, ALL, F_SETFD }),
	IF(fcntl, { 1, ALL, F_GETFL }),
	IF(fcntl, { 1, ALL, F_SETFL }),
	IF(fcntl, { 1, ALL, F_DUPFD_CLOEXEC }),
	IF(ioctl, { 1, ALL, FIONREAD }),
	IF(ioctl, { 1, ALL, FIONBIO }),
	IF(ioctl, { 1, ALL, SIOCGIFINDEX }),
	IF(ioctl, { 1, ALL, SIOCGIFNAME }),
	/* waiting */
	ANY_WAY(ppoll),
	ANY_WAY(pselect6),
	ANY_WAY(nanosleep),
	ANY_WAY(clock_nanosleep),
	ANY_WAY(restart_syscall),
	/* the network; a pair of sockets is connected for good, a local datagram socket is not */
	IF(socket, { 0, ALL, AF_INET }),
	IF(socket, { 0, ALL, AF_INET6 }),
	IF(socket, { 0, ALL, AF_NETLINK }, { 2, ALL, NETLINK_ROUTE }),
	IF(socketpair, { 0, ALL, AF_UNIX }, { 1, SOCKET_TYPE, SOCK_STREAM }),
	ANY_WAY(bind), /* of netlink sockets, by the resolver */
	ANY_WAY(connect),
	ANY_WAY(shutdown),
	ANY_WAY(sendto),
	ANY_WAY(sendmsg),
	ANY_WAY(sendmmsg),
	ANY_WAY(recvfrom),
	ANY_WAY(recvmsg),
	ANY_WAY(recvmmsg),
	ANY_WAY(getsockopt),
	ANY_WAY(setsockopt),
	ANY_WAY(getsockname),
	ANY_WAY(getpeername),
	/* files */
	IF(openat, { 2, OPEN_FOR_WRITING, 0 }),
	ANY_WAY(newfstatat),
	ANY_WAY(fstat),
	ANY_WAY(statx),
	ANY_WAY(readlinkat),
	ANY_WAY(faccessat),
	ANY_WAY(faccessat2),
	/* memory */
	ANY_WAY(brk),
	ANY_WAY(mmap),
	ANY_WAY(munmap),
	ANY_WAY(mremap),
	ANY_WAY(mprotect),
	ANY_WAY(madvise),
	/* threads, of which the resolver is one */
	IF(clone, { 0, THREAD | NAMESPACES, THREAD }),
	ANY_WAY(set_robust_list),
	ANY_WAY(set_tid_address),
	ANY_WAY(rseq),
	ANY_WAY(futex),
	ANY_WAY(sched_yield),
	ANY_WAY(sched_getaffinity),
	ANY_WAY(exit),
	ANY_WAY(exit_group),
	/* signals */
	ANY_WAY(rt_sigaction),
	ANY_WAY(rt_sigprocmask),
	ANY_WAY(rt_sigreturn),
	ANY_WAY(sigaltstack),
	/* who, where and when */
	ANY_WAY(getpid),
	ANY_WAY(getppid),
	ANY_WAY(gettid),
	ANY_WAY(getuid),
	ANY_WAY(geteuid),
	ANY_WAY(getgid),
	ANY_WAY(getegid),
	ANY_WAY(uname),
	ANY_WAY(sysinfo),
	ANY_WAY(getrandom),
	ANY_WAY(clock_gettime),
	ANY_WAY(clock_getres),
	ANY_WAY(gettimeofday),
#ifdef __x86_64__ /* the older forms, which arm64 does not have */
	IF(open, { 1, OPEN_FOR_WRITING, 0 }),
	ANY_WAY(stat),
	ANY_WAY(lstat),
	ANY_WAY(access),
	ANY_WAY(readlink),
	ANY_WAY(dup2),
	ANY_WAY(pipe),
	ANY_WAY(poll),
	ANY_WAY(select),
	ANY_WAY(time),
#endif
};
#define ROWS (sizeof list / sizeof list[0])

/* ------------------------------------------------------------------ the program */

/*
 * The kernel compiles the program for each process that installs it, so it should be short: calls
 * without a condition are bits in words, of which there is one for 32 calls.
 */
#define WORD_BITS 32
#define WORDS ((NEWEST + WORD_BITS - 1) / WORD_BITS)
#define WORD_CODE 3 /* instructions for a word, at most */
#define ROW_CODE 8  /* of a row with conditions */
#define OTHERS 24   /* and of what is around them */
#define MORE_ROWS 2 /* than are in the list */

struct program {
	struct sock_filter code[WORDS * WORD_CODE + (ROWS + MORE_ROWS) * ROW_CODE + OTHERS];
	unsigned short length;
};

static void add(struct program *program, struct sock_filter instruction)
{
	program->code[program->length++] = instruction;
}

static void load(struct program *program, size_t offset)
{
	add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void load_number(struct program *program)
{
	load(program, offsetof(struct seccomp_data, nr));
}

static void answer(struct program *program, uint32_t action)
{
	add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Jump over `skipped` instructions unless what was loaded is `value`. */
static void skip_unless(struct program *program, uint32_t value, size_t skipped)
{
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0,
						  (unsigned char)skipped));
}

/* Where the low 32 bits of an argument are; both architectures are little-endian. */
static size_t offset_of(unsigned int argument)
{
	return offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t);
}

static void check_architecture(struct program *program)
{
	load(program, offsetof(struct seccomp_data, arch));
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
	answer(program, SECCOMP_RET_KILL_PROCESS);
	load_number(program);
#ifdef __x86_64__
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1));
	answer(program, SECCOMP_RET_KILL_PROCESS);
#endif
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NEWEST, 0, 1));
	answer(program, SECCOMP_RET_ERRNO | ENOSYS);
}

/* ------------------------------------------------------------------ calls without a condition */

static bool has_condition(const struct row *row)
{
	return row->conditions[0].mask != 0;
}

static void set_bits(uint32_t words[static WORDS])
{
	for (size_t i = 0; i < ROWS; i++)
		if (!has_condition(&list[i]))
			words[list[i].number / WORD_BITS] |= UINT32_C(1)
							     << (list[i].number % WORD_BITS);
}

/* The number of the call is loaded, and below NEWEST. */
static void allow_bits(struct program *program)
{
	uint32_t words[WORDS] = { 0 };
	unsigned short jumps[WORDS];

	set_bits(words);
	/* the number of the bit, for the shift below */
	add(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, WORD_BITS - 1));
	add(program, (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0));
	load_number(program);
	for (uint32_t i = 0; i < WORDS; i++) {
		add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
							  (i + 1) * WORD_BITS, 2, 0));
		add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, words[i]));
		jumps[i] = program->length;
		add(program, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	}
	for (size_t i = 0; i < WORDS; i++)
		program->code[jumps[i]].k = program->length - jumps[i] - 1u;
	add(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_X, 0));
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1));
	answer(program, SECCOMP_RET_ALLOW);
}

/* ------------------------------------------------------------------ calls with conditions */

/* Compare an argument, and jump over `skipped` instructions unless it is as it should be. */
static void check_condition(struct program *program, const struct condition *condition,
			    size_t skipped)
{
	load(program, offset_of(condition->argument));
	if (condition->mask != ALL)
		add(program,
		    (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, condition->mask));
	skip_unless(program, condition->value, skipped);
}

static size_t length_of(const struct condition *condition)
{
	return condition->mask == 0 ? 0 : condition->mask == ALL ? 2 : 3;
}

/* What was loaded is the number of the call, before and after. */
static void add_row(struct program *program, const struct row *row, uint32_t action)
{
	const struct condition *first = &row->conditions[0], *second = &row->conditions[1];
	size_t conditions = length_of(first) + length_of(second);

	/* to behind the answer, and what loads the number again */
	skip_unless(program, (uint32_t)row->number, conditions + 2);
	if (first->mask)
		check_condition(program, first, length_of(second) + 1);
	if (second->mask)
		check_condition(program, second, 1);
	answer(program, action);
	load_number(program); /* another row may allow it */
}

static void compose(struct program *program)
{
	/* abort(3) and the like; not to another process */
	const struct row to_itself = IF(tgkill, { 0, ALL, (uint32_t)getpid() });
	/* its flags are out of sight; libraries then use clone() */
	const struct row newer_clone = ANY_WAY(clone3);

	check_architecture(program);
	allow_bits(program);
	load_number(program);
	for (size_t i = 0; i < ROWS; i++)
		if (has_condition(&list[i]))
			add_row(program, &list[i], SECCOMP_RET_ALLOW);
	add_row(program, &to_itself, SECCOMP_RET_ALLOW);
	add_row(program, &newer_clone, SECCOMP_RET_ERRNO | ENOSYS);
	answer(program, SECCOMP_RET_ERRNO | EPERM);
}

int syscall_filter_check(void)
{
	const uint32_t action = SECCOMP_RET_KILL_PROCESS;

	if (ARCHITECTURE == 0)
		return -ENOTSUP;
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0 ? -errno : 0;
}

int syscall_filter_install(void)
{
	struct program program = { .length = 0 };
	struct sock_fprog filter;

	if (syscall_filter_check() < 0)
		return 0;
	compose(&program);
	filter = (struct sock_fprog){ .len = program.length, .filter = program.code };
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0 ? -errno : 0;
}
