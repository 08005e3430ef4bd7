/* SPDX-License-Identifier: ISC */
/*
 * Whether a library has run out of memory. Their own errors do not always say so: what cannot be
 * fetched, compared or parsed for lack of memory is "unsupported", different or broken.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>

/* Note how OpenSSL fares. To be called before anything else of it is, or it has no effect. */
void library_memory_watch_openssl(void);

/*
 * Prepare what the functions of libcrypto share. Where there is no memory for that, OpenSSL 3.0
 * uses it nevertheless, and crashes then, and 3.5 waits for itself; here it has a reserve. To be
 * called before anybody uses any of them, such as a library that is loaded later, and after
 * library_memory_watch_openssl(). Returns 0 or -ENOMEM, after which nobody may.
 */
int library_memory_begin_openssl(void) must_check;

/*
 * Before OpenSSL gets no memory in this thread, from now on, the function is called, and if it
 * returns true, there may be some now. Null: none is.
 */
void library_memory_make_room_by(bool (*function)(void));

/*
 * For the allocators that other libraries are given, and for what cannot say that it had no memory:
 * note it if `memory` is null. Returns it.
 */
void *library_memory_note(void *memory) must_check;

/* How often one has asked for memory in this thread and got none. */
unsigned long library_memory_shortages(void) must_check;

/*
 * What was until now in this thread is over. A program that ends soon has no use for it: what a
 * library could not set up, it is without from then on.
 */
void library_memory_forget(void);

/* Has one asked for memory in this thread, since library_memory_forget(), and got none? */
bool library_memory_was_short(void) must_check;
