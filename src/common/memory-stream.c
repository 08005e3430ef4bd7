/* SPDX-License-Identifier: ISC */
#include "common/memory-stream.h"

#include <stdbool.h>
#include <stdlib.h>

char *memory_stream_close(FILE *stream, char *const *text)
{
	bool failed = ferror(stream);

	failed |= fclose(stream) != 0;
	if (!failed)
		return *text; /* null without memory for as much as the end of it */
	free(*text);
	return NULL;
}
