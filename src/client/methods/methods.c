/* SPDX-License-Identifier: ISC */
#include "client/methods/methods.h"

#include "client/config/config.h"
#include "client/methods/module.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	const struct method *method; /* null: in the module */
} methods[] = {
	[METHOD_AUTHD] = { "authd", &method_authd },
	[METHOD_API] = { "api", NULL },
	[METHOD_ENROLL] = { "enroll", NULL },
	[METHOD_IMPORT] = { "import", NULL },
};

const char *method_name(int kind)
{
	return methods[kind].name;
}

int method_get(int kind, const struct method **ret, struct reason *why)
{
	const struct https_module *module;
	int r;

	if (methods[kind].method) {
		*ret = methods[kind].method;
		return 0;
	}
	r = https_module_load(&module, why);
	if (r < 0)
		return r;
	for (const struct method *const *method = module->methods; *method; method++) {
		if (strcmp((*method)->name, methods[kind].name) == 0) {
			*ret = *method;
			return 0;
		}
	}
	reason_set(why, "method = %s is not supported by this version", methods[kind].name);
	return -ENOTSUP;
}
