/* SPDX-License-Identifier: ISC */
/*
 * One call that fails while an input is worked off, as the input says: memory that is not there, or
 * a system call that returns an error. A target that uses this is linked with
 * $(fuzz_fault_wraps), so that the calls that our own code makes come through here; those that
 * libraries make do not. In tests/fuzz/faults.c there is the list.
 *
 * The last four bytes of an input say which call: 0xFA, 'F', what happens, and how many calls of
 * that kind succeed before. An input that ends otherwise lets all calls succeed, so that a target
 * can take part whatever its inputs are. What happens is one of
 *
 *	m  there is no memory                s  a system call fails with EIO
 *	p  a system call fails with EPERM    a  with EAGAIN, as after a timeout
 *	i  it is interrupted (EINTR)         h  half of the bytes are written or read
 *	l  a call of a library fails (faults-event.c, faults-openssl.c)
 */
#pragma once

#include "fuzz.h"

#include <stdbool.h>

/* Returns the size of the input without what it says of faults. None has failed yet. */
size_t fuzz_faults_read(const uint8_t *data, size_t size);

/* Does the input say that a call fails? */
bool fuzz_faults_are_asked(void);

/* From now on the calls count and fail; the target's own must not be among them. */
void fuzz_faults_begin(void);

/* No more of them do; what has failed is known until the next input. */
void fuzz_faults_end(void);

/* Has a call failed since fuzz_faults_read()? */
bool fuzz_fault_happened(void);

/* For those that stand for a call: does this one fail? `kinds`: which of the letters it heeds. */
bool fuzz_fault_is_due(const char *kinds);

/* What has to hold unless a call has failed. */
#define HOLDS_WITHOUT_FAULT(property) HOLDS((property) || fuzz_fault_happened())
