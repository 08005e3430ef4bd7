/* SPDX-License-Identifier: ISC */
#include "common/word-list.h"

#include <stdio.h>

const char *word_list_text(char *ret, size_t size, const char *const *words)
{
	size_t used = 0;

	if (size > 0)
		ret[0] = '\0';
	for (size_t i = 0; words[i] && used < size; i++)
		used += (size_t)snprintf(ret + used, size - used, "%s%s",
					 i == 0         ? ""
					 : words[i + 1] ? ", "
							: " or ",
					 words[i]);
	return ret;
}
