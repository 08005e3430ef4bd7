/* SPDX-License-Identifier: ISC */
/*
 * The template of an agent's name: text with specifiers, which are a percent sign and a letter, or
 * %{file:PATH}. What they stand for is found elsewhere (identity.h). Pure.
 */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

enum name_piece_kind {
	NAME_TEXT,      /* as it stands */
	NAME_SPECIFIER, /* `letter` is one of NAME_SPECIFIERS */
	NAME_FILE,      /* the first line of the file at `text` */
	NAME_INVALID,   /* a percent sign before anything else, and all that follows */
};

#define NAME_SPECIFIERS "Hlmbifa"

/* Points into the template. */
struct name_piece {
	enum name_piece_kind kind;
	char letter;      /* of a specifier */
	const char *text; /* of text; of a file its path */
	size_t length;
};

/* What only the network can say of a machine, as flags. */
#define NAME_NEEDS_FQDN 1u    /* %f */
#define NAME_NEEDS_ADDRESS 2u /* %a */

/*
 * Get the piece at `*at`, and move `*at` behind it. "%%" is the text "%". Returns false at the end.
 */
bool name_template_next(const char **at, struct name_piece *ret) must_check;

/* The flags NAME_NEEDS_... of a template. */
unsigned int name_template_needs(const char *template);
