/* SPDX-License-Identifier: ISC */
#include "registrar/api/group-list.h"

#include "common/cleanup.h"
#include "common/directory.h"
#include "common/trusted-file.h"
#include "registrar/agents/groups.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

DEFINE_RELEASE(directory, DIR *, closedir)
DEFINE_RELEASE(digest, EVP_MD_CTX *, EVP_MD_CTX_free)

/* ------------------------------------------------------------------ sums */

static const EVP_MD *find_digest(const char *name)
{
	static const struct {
		const char *name, *other;
	} others[] = {
		{ "blake2b", "blake2b512" }, { "blake2s", "blake2s256" },
		{ "sha3_224", "sha3-224" },  { "sha3_256", "sha3-256" },
		{ "sha3_384", "sha3-384" },  { "sha3_512", "sha3-512" },
	};

	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strcmp(others[i].name, name) == 0)
			name = others[i].other;
	return EVP_get_digestbyname(name);
}

/* Leaves `ret` empty if there is no such file, or the sum cannot be had. */
static void sum_file(char ret[static API_SUM_SIZE], const char *path, const char *hash)
{
	cleanup(release_digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();
	const struct trusted_file wanted = {
		.path = path,
		.flags = O_RDONLY,
		.max = 64 * TRUSTED_FILE_MIB,
	};
	cleanup_fd int fd = trusted_file_open(&wanted, NULL, NULL);
	unsigned char buffer[16384], sum[EVP_MAX_MD_SIZE];
	const EVP_MD *type = find_digest(hash);
	unsigned int length;
	ssize_t n = 0;

	if (fd < 0 || !digest || !type || EVP_DigestInit_ex(digest, type, NULL) != 1)
		return;
	while ((n = read(fd, buffer, sizeof buffer)) > 0)
		if (EVP_DigestUpdate(digest, buffer, (size_t)n) != 1)
			return;
	if (n < 0 || EVP_DigestFinal_ex(digest, sum, &length) != 1 || 2 * length >= API_SUM_SIZE)
		return;
	for (unsigned int i = 0; i < length; i++)
		(void)snprintf(ret + 2 * (size_t)i, 3, "%02x", sum[i]);
}

/* ------------------------------------------------------------------ the groups */

static int add_group(struct api_groups *groups, const char *name)
{
	struct api_group *grown = reallocarray(groups->groups, groups->count + 1,
					       sizeof *groups->groups);
	char *copy = strdup(name);

	if (grown)
		groups->groups = grown;
	if (!grown || !copy) {
		free(copy);
		return -ENOMEM;
	}
	groups->groups[groups->count++] = (struct api_group){ .name = copy };
	return 0;
}

static bool is_group(const char *directory, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", directory, name);

	return n > 0 && (size_t)n < sizeof path && agent_group_is_valid(name, strlen(name)) &&
	       directory_exists(path);
}

static int read_names(struct api_groups *groups, const struct api_groups_source *source)
{
	cleanup(release_directory) DIR *directory = directory_list(source->directory, NULL);
	const struct dirent *entry;
	int r = 0;

	while (r >= 0 && directory && (entry = readdir(directory))) {
		if (!is_group(source->directory, entry->d_name))
			continue;
		r = add_group(groups, entry->d_name);
	}
	if (r < 0 || !source->usual ||
	    api_groups_find(groups, source->usual, strlen(source->usual)))
		return r;
	return add_group(groups, source->usual);
}

static int by_name(const void *a, const void *b)
{
	const struct api_group *left = a, *right = b;

	return strcasecmp(left->name, right->name) ?: strcmp(left->name, right->name);
}

static void read_sums(struct api_group *group, const struct api_groups_source *source)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/%s/merged.mg", source->directory, group->name);
	sum_file(group->merged_sum, path, source->hash);
	(void)snprintf(path, sizeof path, "%s/%s/agent.conf", source->directory, group->name);
	sum_file(group->config_sum, path, source->hash);
}

/* ------------------------------------------------------------------ their agents */

const struct api_group *api_groups_find(const struct api_groups *groups, const char *name,
					size_t length)
{
	for (size_t i = 0; i < groups->count; i++)
		if (strlen(groups->groups[i].name) == length &&
		    memcmp(groups->groups[i].name, name, length) == 0)
			return &groups->groups[i];
	return NULL;
}

static void count_agent(struct api_groups *groups, const char *list)
{
	for (;; list++) {
		size_t length = strcspn(list, ",");
		struct api_group *group = (struct api_group *)api_groups_find(groups, list, length);

		if (group)
			group->count++;
		list += length;
		if (*list == '\0')
			return;
	}
}

/* Only an agent that is in a group has a file of its own. */
static void count_agents(struct api_groups *groups, const struct api_groups_source *source)
{
	cleanup_free char *list = malloc(AGENT_GROUPS_SIZE);
	cleanup(release_directory) DIR *directory = NULL;
	const struct dirent *file;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/agent-groups", source->queue);
	directory = directory_list(path, NULL);
	while (list && directory && (file = readdir(directory))) {
		const char *id = file->d_name;
		const struct roster_entry *entry =
			agent_id_is_valid(id, strlen(id))
				? roster_find_id(source->roster,
						 (unsigned int)strtoul(id, NULL, 10))
				: NULL;

		if (entry && roster_entry_is_agent(entry) && strcmp(entry->id_text, id) == 0 &&
		    agent_groups_read(list, source->queue, id, NULL) >= 0)
			count_agent(groups, list);
	}
}

int api_groups_read(struct api_groups *ret, const struct api_groups_source *source)
{
	struct api_groups groups = { .count = 0 };
	int r = read_names(&groups, source);

	if (r < 0) {
		api_groups_clear(&groups);
		return r;
	}
	if (groups.count > 0)
		qsort(groups.groups, groups.count, sizeof *groups.groups, by_name);
	for (size_t i = 0; i < groups.count; i++)
		read_sums(&groups.groups[i], source);
	if (source->queue)
		count_agents(&groups, source);
	*ret = groups;
	return 0;
}

void api_groups_clear(struct api_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		free(groups->groups[i].name);
	free(groups->groups);
	*groups = (struct api_groups){ .count = 0 };
}
