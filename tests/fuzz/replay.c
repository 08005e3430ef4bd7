/* SPDX-License-Identifier: ISC */
/*
 * Feed the corpus of a target to it, without libFuzzer: tests/fuzz/corpus/NAME for the program
 * test-fuzz-NAME.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#define INPUT_MAX (1 << 20)

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In memory that ends where the input ends. */
static void feed(const char *directory, const char *name)
{
	static uint8_t buffer[INPUT_MAX];
	char path[4096];
	uint8_t *exact;
	FILE *file;
	size_t size;

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	file = fopen(path, "re");
	HOLDS(file);
	size = fread(buffer, 1, sizeof buffer, file);
	(void)fclose(file);
	exact = malloc(size ? size : 1);
	HOLDS(exact);
	memcpy(exact, buffer, size);
	(void)LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

int main(void)
{
	const char *data = getenv("TEST_DATA"),
		   *target = strstr(program_invocation_short_name, "fuzz-");
	struct dirent **entries;
	char directory[4096];
	int count;

	if (!data || !target) {
		printf("Bail out! "
		       "TEST_DATA is not set, or this program is not named test-fuzz-TARGET\n");
		return 1;
	}
	(void)snprintf(directory, sizeof directory, "%s/../fuzz/corpus/%s", data,
		       target + strlen("fuzz-"));
	count = scandir(directory, &entries, is_input, alphasort);
	if (count <= 0) {
		printf("Bail out! no corpus in %s\n", directory);
		return 1;
	}
	printf("1..%d\n", count);
	for (int i = 0; i < count; i++) {
		printf("# %s\n", entries[i]->d_name);
		(void)fflush(stdout);
		feed(directory, entries[i]->d_name);
		printf("ok %d - %s\n", i + 1, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
