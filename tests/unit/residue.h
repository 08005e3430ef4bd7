/* SPDX-License-Identifier: ISC */
/*
 * Whether a secret stays behind in memory. A program that uses this is linked with RESIDUE_WRAPS
 * (local.mk), so that what the code under test frees is searched before it is gone.
 */
#pragma once

/*
 * Call function(argument) on a stack of its own, and look for the text in what that leaves on the
 * stack and in the memory that it frees. Returns where it was found, or null. The function itself
 * must not keep the secret in variables of its own: they are on that stack.
 */
const char *find_residue(void (*function)(void *argument), void *argument, const char *secret);
