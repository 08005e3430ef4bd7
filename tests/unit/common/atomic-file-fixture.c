/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "tests/unit/common/atomic-file-fixture.h"

#include "tests/unit/fault.h"

int setup_atomic_file(void **state)
{
	fault_clear();
	return setup_directory(state);
}

int replace_file(const char *path, const char *text, const char *backup, struct reason *why)
{
	struct atomic_file file;
	int r = atomic_file_stage(&file, path, 0640, NOBODY, strlen(text), why);

	return r < 0 ? r : atomic_file_commit(&file, text, strlen(text), backup, why);
}
