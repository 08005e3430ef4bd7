/* SPDX-License-Identifier: ISC */
#include "client/config/name-template.h"

#include <string.h>

static const char file_prefix[] = "{file:";

/* Behind a percent sign. Returns the length of what belongs to it; 0: nothing does. */
static size_t take_specifier(const char *at, struct name_piece *ret)
{
	const char *path = at + strlen(file_prefix), *end;

	if (*at == '%') {
		*ret = (struct name_piece){ .kind = NAME_TEXT, .text = at, .length = 1 };
		return 1;
	}
	if (*at && strchr(NAME_SPECIFIERS, *at)) {
		*ret = (struct name_piece){ .kind = NAME_SPECIFIER, .letter = *at };
		return 1;
	}
	if (strncmp(at, file_prefix, strlen(file_prefix)) != 0)
		return 0;
	end = strchr(path, '}');
	if (!end || *path != '/')
		return 0;
	*ret = (struct name_piece){ .kind = NAME_FILE,
				    .text = path,
				    .length = (size_t)(end - path) };
	return (size_t)(end + 1 - at);
}

bool name_template_next(const char **at, struct name_piece *ret)
{
	size_t length;

	if (**at == '\0')
		return false;
	if (**at != '%') {
		length = strcspn(*at, "%");
		*ret = (struct name_piece){ .kind = NAME_TEXT, .text = *at, .length = length };
		*at += length;
		return true;
	}
	length = take_specifier(*at + 1, ret);
	if (length > 0) {
		*at += 1 + length;
		return true;
	}
	length = strlen(*at);
	*ret = (struct name_piece){ .kind = NAME_INVALID, .text = *at, .length = length };
	*at += length;
	return true;
}

unsigned int name_template_needs(const char *template)
{
	unsigned int needs = 0;
	struct name_piece piece;

	while (name_template_next(&template, &piece))
		if (piece.kind == NAME_SPECIFIER)
			needs |= piece.letter == 'f'   ? NAME_NEEDS_FQDN
				 : piece.letter == 'a' ? NAME_NEEDS_ADDRESS
						       : 0;
	return needs;
}
