/* SPDX-License-Identifier: ISC */
/*
 * The memory of the event loop. libevent does not bear to get none: evhttp crashes, and of a timer
 * that could not be set nobody hears. So there is a reserve for it.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>

/*
 * Let libevent have its memory from here. To be called before anything else of it is. When there is
 * none left, the reserve is given up for it, and made again as soon as that is possible; if that is
 * not enough either, library_memory_shortages() counts it. Returns 0 or -ENOMEM.
 */
int loop_memory_set_up(void) must_check;

/*
 * From now on, or no longer: let OpenSSL have the reserve as well. For calls of libevent that do
 * not bear that OpenSSL gets none: of libevent 2.1.13, the making of a stream is one.
 */
void loop_memory_lend(bool is_lent);
