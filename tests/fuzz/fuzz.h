/* SPDX-License-Identifier: ISC */
/*
 * What the fuzz targets share. A property that does not hold ends the process, which libFuzzer
 * reports.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HOLDS(property)          \
	do {                     \
		if (!(property)) \
			abort(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
