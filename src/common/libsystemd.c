/* SPDX-License-Identifier: ISC */
#include "common/libsystemd.h"

#include "common/dlopen-note.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define SONAME "libsystemd.so.0"

DLOPEN_NOTE(libsystemd, "systemd", "Readiness and journal of a service", "required", SONAME);

static bool load(struct libsystemd *table)
{
	static const struct {
		const char *name;
		size_t offset;
	} functions[] = {
#define LIBSYSTEMD_ROW(function) { #function, offsetof(struct libsystemd, function) },
		LIBSYSTEMD_FUNCTIONS(LIBSYSTEMD_ROW)
#undef LIBSYSTEMD_ROW
	};
	void *library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < sizeof functions / sizeof functions[0]; i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			return false;
		memcpy((char *)table + functions[i].offset, &function, sizeof function);
	}
	return library;
}

const struct libsystemd *libsystemd(void)
{
	static struct libsystemd table;
	static enum { UNTRIED, LOADED, MISSING } state;

	if (state == UNTRIED)
		state = load(&table) ? LOADED : MISSING;
	return state == LOADED ? &table : NULL;
}
