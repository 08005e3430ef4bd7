/* SPDX-License-Identifier: ISC */
/* Hexadecimal digits. */
#pragma once

#include <stddef.h>

/* Write two digits for each byte, small letters, and a terminator: 2 * `length` + 1 bytes. */
void hex_print(char *ret, const void *bytes, size_t length);

/* What a digit stands for, in either case; -1: it is none. */
int hex_value(char digit);
