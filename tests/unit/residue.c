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

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
	if (memory && search.secret &&
	    memmem(memory, malloc_usable_size(memory), search.secret, strlen(search.secret)))
		search.found = "in freed memory";
	__real_free(memory);
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
	if (memmem(stack, STACK_SIZE, secret, strlen(secret)))
		search.found = "on the stack";
	free(stack);
	return search.found;
}
