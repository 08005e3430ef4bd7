/* SPDX-License-Identifier: ISC */
/*
 * Included before the first line of every file of a hardened build (see Makefile.am): the checks of
 * the C library on the sizes of objects, as the compiler can do them with the flags that it is
 * called with here, and unless its own or the user's flags have chosen a level. Level 3 also knows
 * the sizes of what was allocated.
 */
#pragma once

#if defined __OPTIMIZE__ && !defined _FORTIFY_SOURCE
#define _FORTIFY_SOURCE FORTIFY_LEVEL
#endif
