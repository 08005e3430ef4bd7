/* SPDX-License-Identifier: ISC */
#include "common/setting-words.h"

#include <string.h>

static const struct setting_words *words; /* of the process */

void setting_words_use(const struct setting_words *table)
{
	words = table;
}

const char *setting_words(const char *phrase)
{
	for (const struct setting_words *row = words; row && row->phrase; row++)
		if (strcmp(row->phrase, phrase) == 0)
			return row->instead;
	return phrase;
}
