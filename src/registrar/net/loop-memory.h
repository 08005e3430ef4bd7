/* SPDX-License-Identifier: ISC */
/*
 * The memory of the event loop. libevent does not bear to get none: evhttp crashes, and of a timer
 * that could not be set nobody hears. So there is a reserve for it.
 */
#pragma once

#include "common/must-check.h"

/*
 * Let libevent have its memory from here. To be called before anything else of it is. When there is
 * none left, the reserve is given up for it, and made again as soon as that is possible; if that is
 * not enough either, library_memory_shortages() counts it. Returns 0 or -ENOMEM.
 */
int loop_memory_set_up(void) must_check;
