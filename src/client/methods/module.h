/* SPDX-License-Identifier: ISC */
/*
 * The module agent-register-https.so: the methods that speak HTTPS, and the only code that links
 * libcurl and jansson.
 *
 * The program loads it when one of these methods is used, and stays as small as it is for everybody
 * else. The module calls back into the program for all that the methods share (connecting, TLS,
 * deadlines, reasons, keys): these functions are exported by it, and by name (module.symbols), so
 * there is one copy of the code that decides whom to trust. Both sides use each other's structures,
 * hence they must be of the same version.
 */
#pragma once

#include "client/methods/method.h"

#define HTTPS_MODULE_FILE "agent-register-https.so"
#define HTTPS_MODULE_SYMBOL "agent_register_https"

/* What the module exports under HTTPS_MODULE_SYMBOL. */
struct https_module {
	const char *version;                 /* must be the program's */
	const struct method *const *methods; /* ends with null */
};

/*
 * Load the module; what was loaded stays. It is looked for in the directory that the build was
 * configured with, but before that beside the program, where a build tree has it, if nobody can put
 * a file there who could not change the program itself. Nothing in the environment has a say.
 * Returns 0, or a negative errno with `why` set.
 */
int https_module_load(const struct https_module **ret, struct reason *why);
