/* SPDX-License-Identifier: ISC */
/* Hexadecimal digits. */
#pragma once

#include "common/must-check.h"

#include <stdbool.h>
#include <stddef.h>

/* Write two digits for each byte, small letters, and a terminator: 2 * `length` + 1 bytes. */
void hex_print(char *ret, const void *bytes, size_t length);

/*
 * Read `size` bytes from twice as many digits, with small letters, as hex_print() writes them.
 * False: there are others; what is in `ret` is of no use then.
 */
bool hex_read(void *ret, size_t size, const char *digits) must_check;

/* What a digit stands for, in either case; -1: it is none. */
int hex_value(char digit);
