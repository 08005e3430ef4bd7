/* SPDX-License-Identifier: ISC */
/* Errors that are nobody's mistake and pass by themselves. */
#pragma once

#include <errno.h>
#include <stdbool.h>

/*
 * Is this machine short of something for now: of memory, descriptors, processes, buffers? `error`
 * is an errno, of either sign. What was being looked at may be there and right.
 */
static inline bool is_shortage(int error)
{
	switch (error < 0 ? -error : error) {
	case EAGAIN:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return true;
	default:
		return false;
	}
}
