/* SPDX-License-Identifier: ISC */
/*
 * The module agent-register-https.so: the methods that use HTTPS, and the only code that is linked
 * with libcurl and jansson.
 *
 * The program loads it only when one of these methods is used, and is otherwise independent of it.
 * The module calls functions of the program for everything that the methods share (connecting, TLS,
 * deadlines, reasons, keys): the program exports them by name (module.symbols), so there is only
 * one copy of the code that verifies managers. Both sides use each other's structures, so they must
 * have the same version.
 */
#pragma once

#include "client/methods/method.h"
#include "common/must-check.h"

#define HTTPS_MODULE_FILE "agent-register-https.so"
#define HTTPS_MODULE_SYMBOL "agent_register_https"

/* What the module exports under HTTPS_MODULE_SYMBOL. */
struct https_module {
	const char *version; /* must be the program's */
	/*
	 * Prepare the libraries, once, so that no method reads a file for them later. Returns 0 or
	 * a negative errno.
	 */
	int (*start)(void);
	const struct method *const *methods; /* terminated by null */
};

/*
 * Load the module, once. It is searched for next to the program first, as in a build tree, if only
 * users who can also change the program can write there; then in the directory configured at build
 * time. The environment is not used. Returns 0, or a negative errno with `why` set.
 */
int https_module_load(const struct https_module **ret, struct reason *why) must_check;

/*
 * End the process with this exit status. The libraries of the module, if it was loaded, get no turn
 * then: some need memory to be taken down, and abort without it, when a key may have been stored.
 */
_Noreturn void https_module_exit(int status);
