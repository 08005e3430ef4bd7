/* SPDX-License-Identifier: ISC */
/*
 * A library for LD_PRELOAD that makes one call of one function fail, in whichever process of a
 * program it is made. Which, and how, is in a file that the test maps as well ($FAIL_AT_CALL):
 * fail_at_call.py. Several names can count as one function: what is tested is whether the program
 * bears that this fails.
 *
 * It can also note from where each call of a function comes, so that of thousands of calls those
 * can be chosen that differ.
 */
#include "tests/integration/fail-at-call.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

#define SITES_MAX 131072
#define DEPTH_MAX 48

/* From where a call came: hashes of its return addresses, all of them and the program's own. */
struct site {
	uint64_t whole, own;
};

struct control {
	_Atomic uint32_t function;             /* that shall fail */
	_Atomic uint32_t number;               /* at which of its calls, from 1; 0: at `wanted` */
	_Atomic uint32_t times;                /* and those that follow, so many in all */
	_Atomic uint32_t error;                /* with this errno, or EAI_ code */
	_Atomic uint32_t size;                 /* of memory, that counts; 0: any */
	_Atomic uint32_t failed;               /* how often it has */
	_Atomic uint32_t traced;               /* the function whose calls have their sites noted */
	_Atomic uint32_t seen[FUNCTION_COUNT]; /* calls so far */
	struct site failed_at;
	struct site wanted;                         /* whose first call shall fail; 0: any */
	alignas(4096) struct site sites[SITES_MAX]; /* by number */
};

static struct control *control;
static struct dl_find_object self;

__attribute__((constructor)) static void find_control(void)
{
	const char *path = getenv("FAIL_AT_CALL");
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
	void *mapped;

	if (fd < 0)
		return;
	mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (mapped != MAP_FAILED && _dl_find_object((void *)find_control, &self) == 0)
		control = mapped;
}

/* ------------------------------------------------------------------ sites */

struct walk {
	struct site site;
	unsigned int depth;
};

static void mix(uint64_t *hash, uint64_t value)
{
	*hash = (*hash ^ value) * 0x100000001b3; /* FNV-1a, of words instead of bytes */
	*hash ^= *hash >> 29;
}

static bool is_own(const struct dl_find_object *object)
{
	const char *name = object->dlfo_link_map->l_name, *last = strrchr(name, '/');

	return name[0] == '\0' || (last && strncmp(last, "/agent-regist", 13) == 0);
}

/* An address within its object: where that is mapped differs from run to run. */
static _Unwind_Reason_Code take_frame(struct _Unwind_Context *context, void *argument)
{
	struct walk *walk = argument;
	uintptr_t address = _Unwind_GetIP(context);
	struct dl_find_object object;

	if (++walk->depth > DEPTH_MAX || address == 0 ||
	    _dl_find_object((void *)address, &object) != 0)
		return _URC_END_OF_STACK;
	if (object.dlfo_map_start == self.dlfo_map_start)
		return _URC_NO_REASON;
	address -= (uintptr_t)object.dlfo_map_start;
	mix(&walk->site.whole, address);
	if (is_own(&object))
		mix(&walk->site.own, address);
	return _URC_NO_REASON;
}

/* What the unwinder itself calls is not counted. */
static __thread bool is_walking __attribute__((tls_model("initial-exec")));

static struct site find_site(void)
{
	struct walk walk = { .depth = 0 };

	is_walking = true;
	(void)_Unwind_Backtrace(take_frame, &walk);
	is_walking = false;
	return walk.site;
}

static bool is_wanted(void)
{
	const struct site *wanted = &control->wanted;
	struct site site;

	if (control->failed > 0)
		return false;
	site = find_site();
	return (wanted->whole == 0 || wanted->whole == site.whole) && wanted->own == site.own;
}

bool fails(enum function function)
{
	uint32_t number;

	if (!control || is_walking)
		return false;
	number = atomic_fetch_add(&control->seen[function], 1) + 1;
	if (control->traced == function && number <= SITES_MAX)
		control->sites[number - 1] = find_site();
	if (control->function != function ||
	    !(control->number > 0 ? number - control->number < control->times : is_wanted()))
		return false;
	control->failed_at = find_site();
	control->failed++;
	errno = (int)control->error;
	return true;
}

int failure_code(void)
{
	return (int)(int32_t)control->error;
}

/* ------------------------------------------------------------------ memory */

static bool has_no_room(size_t size)
{
	return control && (control->size == 0 || control->size == size) && fails(FUNCTION_MALLOC);
}

/* dlsym() itself may need memory, so these are not looked up: a sanitizer's, or the C library's. */
#define ALLOCATOR(type, name, parameters, arguments, total)                  \
	extern type __libc_##name parameters;                                \
	extern type __interceptor_##name parameters __attribute__((weak));   \
	type name parameters                                                 \
	{                                                                    \
		if (has_no_room(total))                                      \
			return NULL;                                         \
		return __interceptor_##name ? __interceptor_##name arguments \
					    : __libc_##name arguments;       \
	}

ALLOCATOR(void *, malloc, (size_t size), (size), size)
ALLOCATOR(void *, calloc, (size_t count, size_t size), (count, size), count *size)
ALLOCATOR(void *, realloc, (void *old, size_t size), (old, size), size)
