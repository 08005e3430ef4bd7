/* SPDX-License-Identifier: ISC */
/*
 * JSON on standard output, for the commands that have --json. The names are none of libjansson's,
 * with which the module and the tests are linked.
 */
#pragma once

/* Print a string (RFC 8259), or null for a null pointer. */
void print_json_text(const char *text);

/* Print "NAME": and the same. */
void print_json_member(const char *name, const char *text);
