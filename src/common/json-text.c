/* SPDX-License-Identifier: ISC */
#include "common/json-text.h"

#include <stdio.h>

void print_json_text(const char *text)
{
	if (!text) {
		printf("null");
		return;
	}
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

void print_json_member(const char *name, const char *text)
{
	printf("\"%s\":", name);
	print_json_text(text);
}
