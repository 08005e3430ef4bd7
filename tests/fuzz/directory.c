/* SPDX-License-Identifier: ISC */
#include "directory.h"

#include "fuzz.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

static char directory[64];

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status, (void)kind, (void)place;
	return remove(path);
}

static void remove_directory(void)
{
	(void)nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_directory(void)
{
	static int is_made;

	if (!is_made) {
		const char *parent = getenv("TMPDIR") ?: "/tmp";
		int length = snprintf(directory, sizeof directory, "%s/fuzz-XXXXXX", parent);

		HOLDS(length > 0 && (size_t)length < sizeof directory && mkdtemp(directory));
		(void)atexit(remove_directory);
		is_made = 1;
	}
	return directory;
}

void fuzz_write(const char *name, const void *data, size_t size)
{
	char path[128];
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/%s", fuzz_directory(), name);
	if (!data) {
		(void)unlink(path);
		return;
	}
	file = fopen(path, "we");
	HOLDS(file && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}
