/* SPDX-License-Identifier: ISC */
/*
 * Any users file at all: it is refused, or each of its users is one; and whoever is stored or
 * removed leaves the others as they were. If a call is to fail (faults.h), that is what happens
 * first: what could not be stored says why, and all are there.
 */
#include "directory.h"
#include "faults.h"
#include "fuzz.h"

#include "registrar/keeper/users.h"

#include <stdio.h>

#define NEW_USER "new-user"

static const char *path(void)
{
	static char text[128];

	(void)snprintf(text, sizeof text, "%s/users", fuzz_directory());
	return text;
}

static const struct api_password *a_password(void)
{
	static const char hash[] = "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$"
				   "cCO9yzr9c0hGHAbNgf046w8DsCFzCVDHWdfuuxWnzVI";
	static struct api_password password;

	HOLDS(api_password_parse(&password, hash, strlen(hash)) == 0);
	return &password;
}

static int count_users(void)
{
	struct reason why = { "" };
	int count = api_users_check(path(), &why);

	HOLDS(count >= 0 || why.text[0]);
	for (const char *at = why.text; count < 0 && *at; at++)
		HOLDS(*at >= ' ' && *at <= '~');
	return count;
}

static void check_names(const struct api_users *users)
{
	for (size_t i = 0; i < users->count; i++) {
		const char *name = users->users[i].name;

		HOLDS(api_user_name_is_valid(name, strlen(name)));
		HOLDS(api_users_find(users, name) == &users->users[i]);
	}
}

static bool has_new_user(void)
{
	struct api_users users = { .path = path() };
	struct reason why;
	bool found = api_users_refresh(&users, &why) >= 0 && api_users_find(&users, NEW_USER);

	check_names(&users);
	api_users_clear(&users);
	return found;
}

/* Store one or remove it, and read the file, one call of which fails. */
static void check_faults(int count, bool had)
{
	struct api_users users = { .path = path() };
	struct reason why = { "" };
	int stored, removed = 0, read;

	fuzz_faults_begin();
	stored = api_users_store(path(), (gid_t)-1, NEW_USER, a_password(), &why);
	if (stored >= 0)
		removed = api_users_store(path(), (gid_t)-1, NEW_USER, NULL, &why);
	read = api_users_refresh(&users, &why);
	fuzz_faults_end();
	HOLDS((stored >= 0 && removed >= 0 && read >= 0) || (fuzz_fault_happened() && why.text[0]));
	check_names(&users);
	api_users_clear(&users);
	if (stored < 0)
		HOLDS(count_users() == count);
	else
		HOLDS(count_users() == count - had + (removed < 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct api_users users = { .path = path() };
	struct reason why;
	bool had;
	int count;

	size = fuzz_faults_read(data, size);
	fuzz_write("users", NULL, 0);
	HOLDS(count_users() == 0);
	fuzz_write("users", data, size);
	count = count_users();
	had = has_new_user();
	if (count < 0)
		return 0;
	if (fuzz_faults_are_asked()) {
		check_faults(count, had);
		fuzz_write("users", data, size);
	}
	HOLDS(api_users_refresh(&users, &why) == 1 && api_users_refresh(&users, &why) == 0);
	HOLDS(!api_users_are_exposed(&users) || users.known.st_mode & 4);
	api_users_end_tokens(&users, NEW_USER);
	api_users_clear(&users);
	HOLDS(api_users_store(path(), (gid_t)-1, NEW_USER, a_password(), &why) == had);
	HOLDS(has_new_user() && count_users() == count + !had);
	HOLDS(api_users_store(path(), (gid_t)-1, NEW_USER, NULL, &why) == 1);
	HOLDS(!has_new_user() && count_users() == count - had);
	HOLDS(api_users_store(path(), (gid_t)-1, NEW_USER, NULL, &why) == 0);
	return 0;
}
