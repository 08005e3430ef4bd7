/* SPDX-License-Identifier: ISC */
/*
 * What compilers and analyzers cannot know, because they read one file at a time: that a function
 * in another file returns a negative errno. A macro of the function's name says so:
 *
 *	#define reason_errno(...) negative_errno(reason_errno(__VA_ARGS__))
 */
#pragma once

#include <errno.h>

static inline int negative_errno(int error)
{
	return error < 0 ? error : -EIO;
}
