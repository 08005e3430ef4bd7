/* SPDX-License-Identifier: ISC */
#include "common/libsystemd.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define SONAME "libsystemd.so.0"

/*
 * Tell package builders of the dependency that the dynamic section does not show: an ELF note as described at
 * https://uapi-group.org/specifications/specs/elf_dlopen_metadata/
 */
#define NOTE_TEXT                                                                                                    \
	"[{\"feature\":\"systemd\",\"description\":\"Readiness, journal and D-Bus of a service\","                  \
	"\"priority\":\"required\",\"soname\":[\"" SONAME "\"]}]"

__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct {
	unsigned int name_size, text_size, type;
	char name[4];
	_Alignas(4) char text[sizeof NOTE_TEXT];
} dlopen_note = { 4, sizeof NOTE_TEXT, 0x407c0c0a, "FDO", NOTE_TEXT };

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
