/* SPDX-License-Identifier: ISC */
#include "common/nearest.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WORD_SIZE 64

static char small(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

size_t nearest_distance(const char *a, const char *b)
{
	size_t row[WORD_SIZE + 1], length = strlen(b);

	if (strlen(a) >= WORD_SIZE || length >= WORD_SIZE)
		return SIZE_MAX;
	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < length; j++) {
			size_t change = diagonal + (small(a[i]) != small(b[j])), add = row[j] + 1,
			       drop = row[j + 1] + 1;

			diagonal = row[j + 1];
			row[j + 1] = change < add ? change : add;
			if (drop < row[j + 1])
				row[j + 1] = drop;
		}
	}
	return row[length];
}

void nearest_offer(struct nearest *nearest, const char *candidate)
{
	size_t distance = nearest_distance(nearest->word, candidate);
	size_t word = strlen(nearest->word), other = strlen(candidate);
	size_t longer = word > other ? word : other, most = longer / 2 > 2 ? longer / 2 : 2;

	if (distance > most || (distance >= longer && longer > 0))
		return;
	if (nearest->found && distance >= nearest->distance)
		return;
	nearest->found = candidate;
	nearest->distance = distance;
}

const char *nearest_of(const char *word, const char *const *words)
{
	struct nearest nearest = NEAREST_TO(word);

	for (; *words; words++)
		nearest_offer(&nearest, *words);
	return nearest.found;
}

const char *nearest_hint(char ret[static NEAREST_HINT_SIZE], const char *found)
{
	ret[0] = '\0';
	if (found)
		(void)snprintf(ret, NEAREST_HINT_SIZE, "; did you mean '%s'?", found);
	return ret;
}
