/* SPDX-License-Identifier: ISC */
/* The file with the users of the API. */
#include "tests/unit/support.h"

#include "registrar/keeper/password.h"
#include "registrar/keeper/users.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046w"

static void test_users_file(void **state)
{
	struct api_users users = { .path = path_in(*state, "users") };
	struct reason why;

	assert_int_equal(api_users_refresh(&users, &why), 1); /* there is no file */
	assert_int_equal(users.count, 0);
	write_text(users.path, "# comment\n\nadmin:" HASH "\n \nsite.ops_2-x:" HASH);
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_int_equal(api_users_refresh(&users, &why), 0);
	assert_int_equal(users.count, 2);
	assert_non_null(api_users_find(&users, "admin"));
	assert_non_null(api_users_find(&users, "site.ops_2-x"));
	assert_null(api_users_find(&users, "admi"));
	assert_null(api_users_find(&users, ""));
	write_text(users.path, "admin:" HASH "\n");
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_null(api_users_find(&users, "site.ops_2-x"));
	assert_int_equal(unlink(users.path), 0);
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_null(api_users_find(&users, "admin"));
	api_users_clear(&users);
}

static uint64_t epoch_of(const struct api_users *users, const char *name)
{
	const struct api_user *user = api_users_find(users, name);

	assert_non_null(user);
	return user->epoch;
}

/* An epoch lasts while the user is in the file without a break. */
static void test_users_epochs(void **state)
{
	struct api_users users = { .path = path_in(*state, "users") };
	uint64_t first, second;
	struct reason why;

	write_text(users.path, "admin:" HASH "\n");
	assert_int_equal(api_users_refresh(&users, &why), 1);
	first = epoch_of(&users, "admin");
	write_text(users.path, "second:" HASH "\nadmin:" HASH "\n");
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_int_equal(epoch_of(&users, "admin"), first);
	second = epoch_of(&users, "second");
	assert_int_not_equal(second, first);
	api_users_end_tokens(&users, "admin");
	assert_int_not_equal(epoch_of(&users, "admin"), first);
	assert_int_not_equal(epoch_of(&users, "admin"), second);
	assert_int_equal(epoch_of(&users, "second"), second);
	write_text(users.path, "admin:" HASH "\n");
	assert_int_equal(api_users_refresh(&users, &why), 1);
	write_text(users.path, "admin\n");
	assert_int_equal(api_users_refresh(&users, &why), -EINVAL);
	write_text(users.path, "second:" HASH "\nadmin:" HASH "\n");
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_int_not_equal(epoch_of(&users, "admin"), first);
	assert_int_not_equal(epoch_of(&users, "second"), second);
	assert_int_not_equal(epoch_of(&users, "second"), epoch_of(&users, "admin"));
	api_users_clear(&users);
}

static void test_users_refusals(void **state)
{
	static const char *const rows[] = {
		"admin\n",
		"admin:\n",
		"admin:secret\n",
		"adm:" HASH "\n",
		"ad min:" HASH "\n",
		":" HASH "\n",
		"admin:" HASH "\r\n",
		"admin:" HASH "\nadmin:" HASH "\n",
		"admin:" HASH ":x\n",
		"a23456789012345678901234567890123456789012345678901234567890123456:" HASH "\n",
	};
	struct api_users users = { .path = path_in(*state, "users") };
	struct reason why;

	for (size_t i = 0; i < COUNT(rows); i++) {
		write_text(users.path, rows[i]);
		check_row(rows[i], api_users_refresh(&users, &why) == -EINVAL);
		check_row(rows[i], users.count == 0 && strstr(why.text, users.path));
		check_row(rows[i], !strstr(why.text, "secret"));
	}
	assert_int_equal(unlink(users.path), 0);
	assert_int_equal(mkdir(users.path, 0700), 0);
	assert_int_equal(api_users_refresh(&users, &why), -EINVAL);
	assert_int_equal(rmdir(users.path), 0);
	api_users_clear(&users);
}

static void test_users_stored(void **state)
{
	char path[256];
	struct api_users users = { .path = path };
	struct api_password password;
	struct reason why;
	struct stat status;

	(void)snprintf(path, sizeof path, "%s", path_in(*state, "users"));
	assert_int_equal(api_password_parse(&password, HASH, strlen(HASH)), 0);
	/* nobody to remove */
	assert_int_equal(api_users_store(path, (gid_t)-1, "admin", NULL, &why), 0);
	assert_file(path, NULL);
	assert_int_equal(api_users_store(path, (gid_t)-1, "admin", &password, &why), 0);
	assert_file(path, "admin:" HASH "\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	assert_int_equal(chmod(path, 0600), 0);

	write_text(path, "# mine\nadmin:old\nadministrator:" HASH); /* no newline at the end */
	assert_int_equal(api_users_store(path, (gid_t)-1, "admin", &password, &why), 1);
	assert_file(path, "# mine\nadministrator:" HASH "\nadmin:" HASH "\n");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_int_equal(users.count, 2);
	assert_int_equal(api_users_store(path, (gid_t)-1, "administrator", NULL, &why), 1);
	assert_file(path, "# mine\nadmin:" HASH "\n");
	assert_int_equal(api_users_refresh(&users, &why), 1);
	assert_int_equal(users.count, 1);
	assert_int_equal(count_entries(*state), 1);
	api_users_clear(&users);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_users_file, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_users_epochs, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_users_refusals, setup_directory,
						teardown_directory),
		cmocka_unit_test_setup_teardown(test_users_stored, setup_directory,
						teardown_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
