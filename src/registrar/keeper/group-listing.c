/* SPDX-License-Identifier: ISC */
/*
 * The groups that a manager has: the directories in etc/shared, how many agents are in each, and
 * the sums of their files, which the manager's daemons write there. What cannot be read is not
 * there. Files can be large, and agents many: a page takes as many turns as it needs.
 */
#include "common/cleanup.h"
#include "common/deadline.h"
#include "common/directory.h"
#include "common/hex.h"
#include "common/log.h"
#include "common/trusted-file.h"
#include "registrar/agents/groups.h"
#include "registrar/keeper/pending.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES 2 /* of a group, whose sums are listed */

/* How far a page has come. Its groups are sorted once all are known. */
struct group_listing {
	int (*step)(struct pending *pending, uint64_t end); /* 1: it is done; 0; or -ENOMEM */
	DIR *directory;                                     /* the one that is read */
	struct group_row *rows;
	size_t count, room;
	bool has_more; /* groups that are in another page */
	size_t summed; /* files: FILES of each group */
	int fd;        /* the one that is read; -1: none */
	EVP_MD_CTX *digest;
};

static int go_on_with(struct pending *pending, uint64_t end,
		      int (*step)(struct pending *pending, uint64_t end))
{
	pending->groups->step = step;
	return step(pending, end);
}

static void close_directory(struct group_listing *listing)
{
	if (listing->directory)
		(void)closedir(listing->directory);
	listing->directory = NULL;
}

/* ------------------------------------------------------------------ their agents */

static struct group_row *find_group(const struct group_listing *listing, const char *name,
				    size_t length)
{
	for (size_t i = 0; i < listing->count; i++)
		if (strncmp(listing->rows[i].name, name, length) == 0 &&
		    listing->rows[i].name[length] == '\0')
			return &listing->rows[i];
	return NULL;
}

static void count_agent(const struct group_listing *listing, const char *list)
{
	for (;; list++) {
		size_t length = strcspn(list, ",");
		struct group_row *group = find_group(listing, list, length);

		if (group)
			group->count++;
		list += length;
		if (*list == '\0')
			return;
	}
}

/* Only an agent that is in a group has a file of its own. */
static int count_agents(struct pending *pending, uint64_t end)
{
	struct group_listing *listing = pending->groups;
	const char *queue = pending->file->settings.policy->history.queue;
	cleanup_free char *list = malloc(AGENT_GROUPS_SIZE);
	const struct dirent *file;

	if (!list)
		return -ENOMEM;
	while (listing->directory && (file = readdir(listing->directory))) {
		if (roster_find_agent(pending->roster, file->d_name, NULL) &&
		    agent_groups_read(list, queue, file->d_name, NULL) >= 0)
			count_agent(listing, list);
		if (monotonic_usec() >= end)
			return 0;
	}
	close_directory(listing);
	return 1;
}

static int begin_counting(struct pending *pending, uint64_t end)
{
	const char *queue = pending->file->settings.policy->history.queue;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/agent-groups", queue ?: "");
	pending->groups->directory = queue ? directory_list(path, NULL) : NULL;
	return go_on_with(pending, end, count_agents);
}

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

/* The next file whose sum is wanted is open afterwards, if there is one and it has a sum. */
static void open_next(const struct pending *pending)
{
	static const char *const names[FILES] = { "merged.mg", "agent.conf" };
	struct group_listing *listing = pending->groups;
	const struct group_row *row = &listing->rows[listing->summed / FILES];
	const EVP_MD *type = find_digest(pending->request->groups->hash);
	char path[PATH_MAX];
	const struct trusted_file wanted = {
		.path = path,
		.flags = O_RDONLY,
		.max = 64 * TRUSTED_FILE_MIB,
	};

	(void)snprintf(path, sizeof path, "%s/%s/%s", pending->file->settings.groups_directory,
		       row->name, names[listing->summed % FILES]);
	if (!type || EVP_DigestInit_ex(listing->digest, type, NULL) != 1)
		return;
	listing->fd = trusted_file_open(&wanted, NULL, NULL);
}

static void put_sum(struct group_listing *listing)
{
	struct group_row *row = &listing->rows[listing->summed / FILES];
	char *ret = listing->summed % FILES == 0 ? row->merged_sum : row->config_sum;
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int length;

	if (EVP_DigestFinal_ex(listing->digest, sum, &length) != 1 || 2 * length >= GROUP_SUM_SIZE)
		return;
	hex_print(ret, sum, length);
}

/* Sum up a part of the file that is open. False: that is its end. */
static bool sum_part(struct group_listing *listing)
{
	unsigned char buffer[16384];
	ssize_t n = read(listing->fd, buffer, sizeof buffer);

	if (n > 0 && EVP_DigestUpdate(listing->digest, buffer, (size_t)n) == 1)
		return true;
	if (n == 0)
		put_sum(listing);
	return false;
}

static int sum_files(struct pending *pending, uint64_t end)
{
	struct group_listing *listing = pending->groups;

	while (listing->summed < FILES * listing->count) {
		if (monotonic_usec() >= end)
			return 0;
		if (listing->fd < 0)
			open_next(pending);
		if (listing->fd >= 0 && sum_part(listing))
			continue;
		release_fd(&listing->fd);
		listing->fd = -1;
		listing->summed++;
	}
	return go_on_with(pending, end, begin_counting);
}

/* ------------------------------------------------------------------ names */

static int add_group(struct group_listing *listing, const char *name, const char *after)
{
	struct group_row *grown = listing->rows;

	if (after[0] && group_compare(name, after) <= 0)
		return 0;
	if (listing->count == listing->room) {
		listing->room = listing->room ? 2 * listing->room : 16;
		grown = reallocarray(listing->rows, listing->room, sizeof *grown);
	}
	if (!grown)
		return -ENOMEM;
	listing->rows = grown;
	grown[listing->count] = (struct group_row){ .count = 0 };
	(void)snprintf(grown[listing->count++].name, sizeof grown->name, "%s", name);
	return 0;
}

static bool is_group(const char *directory, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", directory, name);

	return n > 0 && (size_t)n < sizeof path && agent_group_is_valid(name, strlen(name)) &&
	       directory_exists(path);
}

static int by_name(const void *a, const void *b)
{
	const struct group_row *left = a, *right = b;

	return group_compare(left->name, right->name);
}

static void sort_names(struct group_listing *listing)
{
	if (listing->count > 0)
		qsort(listing->rows, listing->count, sizeof *listing->rows, by_name);
	listing->has_more = listing->count > GROUPS_PAGE_MAX;
	if (listing->has_more)
		listing->count = GROUPS_PAGE_MAX;
}

static int read_names(struct pending *pending, uint64_t end)
{
	struct group_listing *listing = pending->groups;
	const struct file_registry_settings *settings = &pending->file->settings;
	const char *after = pending->request->groups->after,
		   *usual = settings->policy->groups.usual;
	const struct dirent *entry;
	int r = 0;

	while (r >= 0 && listing->directory && (entry = readdir(listing->directory))) {
		if (is_group(settings->groups_directory, entry->d_name))
			r = add_group(listing, entry->d_name, after);
		if (monotonic_usec() >= end)
			return r;
	}
	close_directory(listing);
	if (r >= 0 && usual && !find_group(listing, usual, strlen(usual)))
		r = add_group(listing, usual, after);
	if (r < 0)
		return r;
	sort_names(listing);
	return go_on_with(pending, end, sum_files);
}

/* ------------------------------------------------------------------ a page */

static void wipe(struct pending *pending)
{
	struct group_listing *listing = pending->groups;

	if (!listing)
		return;
	close_directory(listing);
	release_fd(&listing->fd);
	EVP_MD_CTX_free(listing->digest);
	free(listing->rows);
	free(listing);
	pending->groups = NULL;
}

/* False: out of memory. */
static bool begin(struct pending *pending)
{
	struct group_listing *listing = pending->groups = calloc(1, sizeof *listing);

	if (!listing)
		return false;
	listing->step = read_names;
	listing->fd = -1;
	listing->digest = EVP_MD_CTX_new();
	listing->directory = directory_list(pending->file->settings.groups_directory, NULL);
	return listing->digest != NULL;
}

static void list(struct pending *pending, struct roster *roster, struct records *records)
{
	int r = pending->groups || begin(pending) ? 0 : -ENOMEM;

	(void)records;
	pending->roster = roster;
	if (r >= 0)
		r = pending->groups->step(pending, turn_end());
	pending->is_unfinished = r == 0;
	if (r >= 0)
		return;
	wipe(pending);
	pending_log_failure(pending, &pending->request->groups->user,
			    "Out of memory: the groups cannot be listed");
}

static void fail(struct pending *pending, bool decided, const struct reason *why)
{
	(void)decided;
	wipe(pending);
	pending_log_failure(pending, &pending->request->groups->user, why->text);
}

static void conclude(struct pending *pending, struct registry_answer *ret)
{
	const struct group_listing *listing = pending->groups;
	struct group_row **end = &ret->groups.rows;

	ret->groups.fault = listing ? LISTING_OK : LISTING_INTERNAL;
	for (size_t i = 0; listing && i < listing->count; i++) {
		*end = malloc(sizeof **end);
		if (!*end) {
			groups_page_clear(&ret->groups);
			ret->groups.fault = LISTING_INTERNAL;
			return;
		}
		**end = listing->rows[i];
		end = &(*end)->next;
	}
	ret->groups.has_more = listing && listing->has_more;
}

const struct pending_kind pending_groups = {
	.is_long = true,
	.decide = list,
	.fail = fail,
	.conclude = conclude,
	.wipe = wipe,
};
