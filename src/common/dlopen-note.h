/* SPDX-License-Identifier: ISC */
/*
 * Declaring a dependency that is not in the dynamic section, because it is loaded only when it is
 * needed: an ELF note for package builders, as described at
 * https://uapi-group.org/specifications/specs/elf_dlopen_metadata/
 */
#pragma once

#define DLOPEN_NOTE_TEXT(feature, description, priority, soname)       \
	"[{\"feature\":\"" feature "\",\"description\":\"" description \
	"\",\"priority\":\"" priority "\",\"soname\":[\"" soname "\"]}]"

/* `priority`: "required", "recommended" or "suggested". */
#define DLOPEN_NOTE(name, feature, description, priority, soname)                             \
	__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct {      \
		unsigned int name_size, text_size, type;                                      \
		char owner[4];                                                                \
		_Alignas(4) char text[sizeof DLOPEN_NOTE_TEXT(feature, description, priority, \
							      soname)];                       \
	} name##_note = { 4, sizeof DLOPEN_NOTE_TEXT(feature, description, priority, soname), \
			  0x407c0c0a, "FDO",                                                  \
			  DLOPEN_NOTE_TEXT(feature, description, priority, soname) }
