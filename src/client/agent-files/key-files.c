/* SPDX-License-Identifier: ISC */
#include "client/agent-files/key-files.h"

int key_files_open(struct key_files *files, const char *directory, const char *keys_file,
		   const char *group, struct reason *why)
{
	int r;

	*files = KEY_FILES_NULL;
	r = keystore_open(&files->store, directory, keys_file, group, why);
	if (r >= 0)
		r = reenroll_files_open(&files->reenroll, files->store.path, directory, why);
	return r;
}

int key_files_stage(struct key_files *files, bool reenroll, struct reason *why)
{
	int r = keystore_stage(&files->store, why);
	gid_t group;

	if (r >= 0 && !reenroll)
		reenroll_files_clean(&files->reenroll);
	if (r < 0 || !reenroll)
		return r;
	r = keystore_group(&files->store, &group, why);
	return r < 0 ? r : reenroll_files_stage(&files->reenroll, group, why);
}

void key_files_unlock(struct key_files *files)
{
	reenroll_files_discard(&files->reenroll);
	keystore_unlock(&files->store);
}

void key_files_close(struct key_files *files)
{
	reenroll_files_close(&files->reenroll);
	keystore_close(&files->store);
}
