/* SPDX-License-Identifier: ISC */
/* Streams of open_memstream(3), which are closed without an error although memory was short. */
#pragma once

#include "common/must-check.h"

#include <stdio.h>

/*
 * Close a stream whose text is at `text`. Returns the text, to be freed; null when some of it could
 * not be kept.
 */
char *memory_stream_close(FILE *stream, char *const *text) must_check;
