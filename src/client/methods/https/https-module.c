/* SPDX-License-Identifier: ISC */
/* What the module is made of. The row of a further method goes into `methods`. */
#include "client/methods/module.h"

#include "client/methods/https/https-methods.h"

static const struct method *const methods[] = {
	&method_api,
	&method_enroll,
	NULL,
};

extern const struct https_module agent_register_https;

__attribute__((visibility("default"))) const struct https_module agent_register_https = {
	.version = PACKAGE_VERSION,
	.methods = methods,
};
