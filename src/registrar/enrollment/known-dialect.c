/* SPDX-License-Identifier: ISC */
#include "registrar/enrollment/known-dialect.h"

#include "common/atomic-file.h"
#include "common/cleanup.h"
#include "common/trusted-file.h"
#include "registrar/agents/installation.h"

#include <fcntl.h>
#include <string.h>

#define FILE_MODE 0644
#define FILE_MAX 4096 /* bytes */
#define WORD_SIZE 16

static const char *const names[] = { [DIALECT_OSSEC] = "OSSEC", [DIALECT_WAZUH] = "Wazuh" };

static void make_path(char path[static PATH_MAX], const char *directory)
{
	(void)snprintf(path, PATH_MAX, "%s/etc/agent-registrar.dialect", directory);
}

/* Returns the dialect, -ENODATA: none is stored, or another negative errno with `why` set. */
static int read_choice(const char *path, struct reason *why)
{
	const struct trusted_file wanted = { .path = path, .flags = O_RDONLY, .max = FILE_MAX };
	cleanup_free char *word = NULL;
	size_t length;
	int dialect, r = trusted_file_read(&wanted, &word, &length, NULL, why);

	if (r < 0)
		return r == -ENOENT ? -ENODATA : r;
	word[strcspn(word, "\r\n")] = '\0';
	dialect = dialect_from_text(word);
	if (dialect < 0)
		reason_set(why, "%s contains neither ossec nor wazuh", path);
	return dialect;
}

int known_dialect_find(enum dialect *ret, const char *directory, struct reason *how)
{
	char path[PATH_MAX], program[PATH_MAX];
	enum installed_family family;
	enum dialect installed;
	int stored, r = installation_detect(&family, program, directory, how);

	if (r < 0)
		return r;
	installed = family == INSTALLED_WAZUH ? DIALECT_WAZUH : DIALECT_OSSEC;
	make_path(path, directory);
	stored = read_choice(path, how);
	if (stored < 0 && stored != -ENODATA)
		return stored;
	if (stored >= 0 && family != INSTALLED_NOTHING && (enum dialect)stored != installed) {
		reason_set(how, "%s says %s, but %s belongs to %s", path,
			   dialect_text((enum dialect)stored), program, names[installed]);
		return -EINVAL;
	}
	if (stored < 0 && family == INSTALLED_NOTHING) {
		reason_set(how, "no manager is installed in %s, and no choice is stored in %s",
			   directory, path);
		return -ENODATA;
	}
	*ret = stored >= 0 ? (enum dialect)stored : installed;
	if (stored >= 0)
		reason_set(how, "as stored in %s", path);
	else
		reason_set(how, "%s is installed", program);
	return 0;
}

int known_dialect_store(const char *directory, enum dialect dialect, gid_t group,
			struct reason *why)
{
	cleanup(atomic_file_discard) struct atomic_file file = ATOMIC_FILE_NULL;
	char path[PATH_MAX], word[WORD_SIZE];
	struct reason unused;
	int length, r;

	make_path(path, directory);
	if (read_choice(path, &unused) == (int)dialect)
		return 0;
	length = snprintf(word, sizeof word, "%s\n", dialect_text(dialect));
	r = atomic_file_stage(&file, path, FILE_MODE, group, (size_t)length, why);
	if (r >= 0)
		r = atomic_file_commit(&file, word, (size_t)length, NULL, why);
	return r < 0 ? r : 0;
}
