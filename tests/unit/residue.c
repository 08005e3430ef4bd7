/* SPDX-License-Identifier: ISC */
#include "tests/unit/residue.h"

#include "tests/unit/support.h"

#include <malloc.h>
#include <ucontext.h>

#define STACK_SIZE ((size_t)1024 * 1024)

static struct {
	void (*function)(void *argument);
	void *argument;
	const char *secret; /* null: nobody looks */
	const char *found;
} search;

/*
 * Not memmem(3): this runs on the stack that is searched, below which the C library's tables would
 * overwrite what the functions before have left.
 */
static bool contains(const char *bytes, size_t size, const char *text)
{
	for (size_t i = 0; i < size; i++) {
		size_t n = 0;

		while (text[n] && i + n < size && bytes[i + n] == text[n])
			n++;
		if (!text[n])
			return true;
	}
	return false;
}

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
	if (memory && search.secret && contains(memory, malloc_usable_size(memory), search.secret))
		search.found = "in freed memory";
	__real_free(memory);
}

/* AddressSanitizer may keep local variables elsewhere than on the stack that is searched. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_stack_use_after_return=0";
}

static void call(void)
{
	search.function(search.argument);
}

const char *find_residue(void (*function)(void *argument), void *argument, const char *secret)
{
	char *stack = calloc(1, STACK_SIZE);
	ucontext_t here, there;

	assert_non_null(stack);
	search.function = function;
	search.argument = argument;
	search.secret = secret;
	search.found = NULL;
	assert_int_equal(getcontext(&there), 0);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = STACK_SIZE;
	there.uc_link = &here;
	makecontext(&there, call, 0);
	assert_int_equal(swapcontext(&here, &there), 0);
	search.secret = NULL;
	if (contains(stack, STACK_SIZE, secret))
		search.found = "on the stack";
	free(stack);
	return search.found;
}
