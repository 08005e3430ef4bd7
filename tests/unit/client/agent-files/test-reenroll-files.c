/* SPDX-License-Identifier: ISC */
#include "tests/unit/support.h"

#include "client/agent-files/reenroll-files.h"
#include "tests/unit/certificates.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define OTHER "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* An agent's directory with etc/ in it, and the files beside the key. */
static void open_agent(struct reenroll_files *files, const char *directory)
{
	assert_int_equal(mkdir(path_in(directory, "etc"), 0770) < 0 && errno != EEXIST, 0);
	assert_int_equal(reenroll_files_open(files, path_in(directory, "etc/client.keys"),
					     directory, NULL),
			 0);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_mode & 07777;
}

static void test_nothing_is_left(void **state)
{
	const char *directory = *state;
	struct reenroll_files files;

	open_agent(&files, directory);
	assert_int_equal(reenroll_files_stage(&files, (gid_t)-1, NULL), 0);
	assert_int_equal(count_entries(path_in(directory, "etc")), 2);
	reenroll_files_discard(&files);
	assert_int_equal(count_entries(path_in(directory, "etc")), 0);
	reenroll_files_close(&files);
}

static void test_stores(void **state)
{
	const char *directory = *state;
	const struct reenroll_secret secret = { "042", SECRET };
	struct reenroll_secret found;
	struct reenroll_files files;

	open_agent(&files, directory);
	assert_int_equal(reenroll_files_stage(&files, getegid(), NULL), 0);
	assert_int_equal(reenroll_files_commit_anchor(&files, "a certificate\n", NULL), 0);
	assert_int_equal(reenroll_files_commit_secret(&files, &secret, "old", NULL), 0);
	reenroll_files_close(&files);

	assert_file(path_in(directory, "etc/reenroll.secret"), "042 " SECRET "\n");
	assert_file(path_in(directory, "etc/certs/root-ca.pem"), "a certificate\n");
	assert_int_equal(mode_of(path_in(directory, "etc/reenroll.secret")), 0640);
	assert_int_equal(mode_of(path_in(directory, "etc/certs/root-ca.pem")), 0640);
	assert_int_equal(mode_of(path_in(directory, "etc/certs")), 01770);
	assert_int_equal(count_entries(path_in(directory, "etc")), 2);
	assert_int_equal(count_entries(path_in(directory, "etc/certs")), 1);

	open_agent(&files, directory);
	assert_int_equal(reenroll_files_read_secret(&files, &found, NULL), 1);
	assert_string_equal(found.id, "042");
	assert_string_equal(found.text, SECRET);
	reenroll_files_close(&files);
}

static void test_directory_stays_as_it_is(void **state)
{
	const char *directory = *state;
	struct reenroll_files files;

	open_agent(&files, directory);
	assert_int_equal(mkdir(path_in(directory, "etc/certs"), 0750), 0);
	assert_int_equal(reenroll_files_stage(&files, (gid_t)-1, NULL), 0);
	reenroll_files_close(&files);
	assert_int_equal(mode_of(path_in(directory, "etc/certs")), 0750);
}

/* ------------------------------------------------------------------ the secret */

static void test_unusable_secrets(void **state)
{
	static const char *const rows[] = { "", SECRET "\n", "001 " SECRET "ff\n", "001 short\n" };
	const char *directory = *state;
	struct reenroll_files files;
	struct reenroll_secret secret;
	struct reason why = { 0 };

	open_agent(&files, directory);
	assert_int_equal(reenroll_files_read_secret(&files, &secret, &why), 0);
	assert_string_equal(why.text, "");
	for (size_t i = 0; i < COUNT(rows); i++) {
		write_text(path_in(directory, "etc/reenroll.secret"), rows[i]);
		check_row(rows[i], reenroll_files_read_secret(&files, &secret, &why) == 0);
		check_row(rows[i], strstr(why.text, "is ignored") && !strstr(why.text, SECRET));
	}
	assert_int_equal(unlink(path_in(directory, "etc/reenroll.secret")), 0);
	assert_int_equal(symlink("/etc/passwd", path_in(directory, "etc/reenroll.secret")), 0);
	assert_int_equal(reenroll_files_read_secret(&files, &secret, &why), -ELOOP);
	assert_int_equal(unlink(path_in(directory, "etc/reenroll.secret")), 0);
	assert_int_equal(mkfifo(path_in(directory, "etc/reenroll.secret"), 0600), 0);
	assert_int_equal(reenroll_files_read_secret(&files, &secret, &why), -EINVAL);
	assert_non_null(strstr(why.text, "etc/reenroll.secret is not a regular file"));
	reenroll_files_close(&files);
}

static void test_old_secret_is_kept(void **state)
{
	const char *directory = *state;
	const struct reenroll_secret secret = { "002", SECRET };
	struct reenroll_files files;

	open_agent(&files, directory);
	write_text(path_in(directory, "etc/reenroll.secret"), "001 " OTHER "\n");
	assert_int_equal(reenroll_files_stage(&files, (gid_t)-1, NULL), 0);
	assert_int_equal(reenroll_files_commit_secret(&files, &secret, "clone", NULL), 0);
	assert_file(path_in(directory, "etc/reenroll.secret"), "002 " SECRET "\n");
	assert_file(path_in(directory, "etc/reenroll.secret.clone"), "001 " OTHER "\n");

	reenroll_files_restore(&files, "clone");
	assert_file(path_in(directory, "etc/reenroll.secret"), "001 " OTHER "\n");
	assert_file(path_in(directory, "etc/reenroll.secret.clone"), NULL);
	reenroll_files_close(&files);
}

static void test_restoring_nothing(void **state)
{
	const char *directory = *state;
	const struct reenroll_secret secret = { "002", SECRET };
	struct reenroll_files files;

	open_agent(&files, directory);
	assert_int_equal(reenroll_files_stage(&files, (gid_t)-1, NULL), 0);
	assert_int_equal(reenroll_files_commit_secret(&files, &secret, "old", NULL), 0);
	assert_int_equal(reenroll_files_commit_anchor(&files, "a certificate\n", NULL), 0);
	reenroll_files_restore(&files, "old");
	assert_file(path_in(directory, "etc/reenroll.secret"), NULL);
	assert_file(path_in(directory, "etc/certs/root-ca.pem"), NULL);
	reenroll_files_close(&files);
	assert_int_equal(count_entries(path_in(directory, "etc")), 0); /* nor the CA's directory */
}

/* What an earlier run has kept as a backup is not what this one has replaced. */
static void test_nothing_to_restore(void **state)
{
	const char *directory = *state;
	struct reenroll_files files;

	open_agent(&files, directory);
	write_text(path_in(directory, "etc/reenroll.secret"), "001 " SECRET "\n");
	write_text(path_in(directory, "etc/reenroll.secret.old"), "002 " OTHER "\n");
	reenroll_files_restore(&files, "old");
	assert_file(path_in(directory, "etc/reenroll.secret"), "001 " SECRET "\n");
	reenroll_files_close(&files);
}

/* A key that came without a secret: only that agent's own may stay. */
static void test_retiring(void **state)
{
	const char *directory = *state;
	struct agent_key key = { .id = "001" };
	struct reenroll_files files;

	open_agent(&files, directory);
	assert_int_equal(reenroll_files_retire_secret(&files, key.id, "old", NULL), 0);
	write_text(path_in(directory, "etc/reenroll.secret"), "001 " SECRET "\n");
	assert_int_equal(reenroll_files_retire_secret(&files, key.id, "old", NULL), 0);
	assert_file(path_in(directory, "etc/reenroll.secret"), "001 " SECRET "\n");
	strcpy(key.id, "002");
	assert_int_equal(reenroll_files_retire_secret(&files, key.id, "old", NULL), 0);
	assert_file(path_in(directory, "etc/reenroll.secret"), NULL);
	assert_file(path_in(directory, "etc/reenroll.secret.old"), "001 " SECRET "\n");
	write_text(path_in(directory, "etc/reenroll.secret"), "002 " OTHER "\n");
	assert_int_equal(reenroll_files_retire_secret(&files, NULL, "old", NULL), 0);
	assert_file(path_in(directory, "etc/reenroll.secret"), NULL);
	assert_file(path_in(directory, "etc/reenroll.secret.old"), "002 " OTHER "\n");
	reenroll_files_close(&files);
}

static void test_forgetting(void **state)
{
	static const char *const names[] = { "reenroll.secret", "reenroll.secret.old",
					     "reenroll.secret.clone", "reenroll.secret.torn",
					     ".reenroll.secret.new" };
	const char *directory = *state;
	struct reenroll_files files;
	char name[64];

	open_agent(&files, directory);
	for (size_t i = 0; i < COUNT(names); i++) {
		(void)snprintf(name, sizeof name, "etc/%s", names[i]);
		write_text(path_in(directory, name), "001 " SECRET "\n");
	}
	write_text(path_in(directory, "etc/client.keys"), "a key\n");
	assert_int_equal(reenroll_files_forget(&files, NULL), 0);
	assert_int_equal(count_entries(path_in(directory, "etc")), 1);
	reenroll_files_close(&files);
}

/* ------------------------------------------------------------------ the CA */

static char *certificate_pem(const char *directory, const char *name)
{
	const struct certificate_plan plan = { .common_names = { name }, .is_ca = true };
	const char *path = path_in(directory, name);
	cleanup_pkey EVP_PKEY *key = make_key();
	cleanup_x509 X509 *certificate = make_certificate(&plan, key, NULL, NULL);

	write_certificate(path, certificate, false);
	return read_file(path, NULL);
}

static void store_anchor(const char *directory, const char *pem)
{
	struct reenroll_files files;

	open_agent(&files, directory);
	assert_int_equal(reenroll_files_stage(&files, (gid_t)-1, NULL), 0);
	assert_int_equal(reenroll_files_commit_anchor(&files, pem, NULL), 0);
	reenroll_files_close(&files);
}

static void test_anchors(void **state)
{
	const char *directory = *state;
	char *one = certificate_pem(directory, "one"), *two = certificate_pem(directory, "two"),
	     *both;

	assert_true(asprintf(&both, "%s%s", one, two) > 0);
	store_anchor(directory, one);
	assert_file(path_in(directory, "etc/certs/root-ca.pem"), one);

	store_anchor(directory, two); /* another one: the old one is kept */
	assert_file(path_in(directory, "etc/certs/root-ca.pem"), two);
	assert_file(path_in(directory, "etc/certs/root-ca.pem.old"), one);

	store_anchor(directory, both); /* more than there is */
	assert_file(path_in(directory, "etc/certs/root-ca.pem"), both);
	store_anchor(directory, one); /* there already, among others */
	assert_file(path_in(directory, "etc/certs/root-ca.pem"), both);
	assert_int_equal(count_entries(path_in(directory, "etc/certs")), 2);
	free(both);
	free(two);
	free(one);
}

static void test_anchor_is_restored(void **state)
{
	const char *directory = *state;
	char *one = certificate_pem(directory, "one"), *two = certificate_pem(directory, "two");
	struct reenroll_files files;

	store_anchor(directory, one);
	open_agent(&files, directory);
	assert_int_equal(reenroll_files_stage(&files, (gid_t)-1, NULL), 0);
	assert_int_equal(reenroll_files_commit_anchor(&files, two, NULL), 0);
	reenroll_files_restore(&files, "old");
	assert_file(path_in(directory, "etc/certs/root-ca.pem"), one);
	reenroll_files_close(&files);
	free(two);
	free(one);
}

static void test_room_is_given_back(void **state)
{
	const char *directory = *state;
	struct stat status;

	store_anchor(directory, "a certificate\n");
	assert_int_equal(stat(path_in(directory, "etc/certs/root-ca.pem"), &status), 0);
	assert_true(status.st_blocks * 512 <= 16384);
}

/* Root must not write where a link of the agent's user points. */
static void test_linked_directory(void **state)
{
	const char *directory = *state;
	struct reenroll_files files;
	struct reason why = { 0 };

	open_agent(&files, directory);
	assert_int_equal(mkdir(path_in(directory, "elsewhere"), 0700), 0);
	assert_int_equal(symlink(path_in(directory, "elsewhere"), path_in(directory, "etc/certs")),
			 0);
	assert_int_equal(reenroll_files_stage(&files, (gid_t)-1, &why), -ELOOP);
	assert_non_null(strstr(why.text, "etc/certs is a symbolic link"));
	reenroll_files_close(&files);
	assert_int_equal(count_entries(path_in(directory, "elsewhere")), 0);
}

/* The CA that the mark is of goes; another one in its place is kept beside; others stay. */
static void test_forgetting_the_ca(void **state)
{
	const char *directory = *state, *ca = path_in(directory, "etc/certs/root-ca.pem");
	const char *kept = path_in(directory, "etc/certs/root-ca.pem.old");
	char mark[REENROLL_FILES_MARK_SIZE];
	struct reenroll_files files;

	open_agent(&files, directory);
	reenroll_files_mark_anchor(mark, "ours\n", strlen("ours\n"));
	assert_int_equal(reenroll_files_forget_anchor(&files, mark, NULL), 0); /* no directory */

	store_anchor(directory, "ours\n");
	assert_int_equal(reenroll_files_forget_anchor(&files, "", NULL), 1);
	assert_file(ca, "ours\n");
	write_text(path_in(directory, "etc/certs/.root-ca.pem.new"), "");
	assert_int_equal(reenroll_files_forget_anchor(&files, mark, NULL), 0);
	assert_int_equal(count_entries(path_in(directory, "etc/certs")), 0);

	store_anchor(directory, "another\n");
	assert_int_equal(reenroll_files_forget_anchor(&files, mark, NULL), 0);
	assert_file(kept, "another\n");
	assert_int_equal(count_entries(path_in(directory, "etc/certs")), 1);

	assert_int_equal(symlink("/etc/passwd", ca), 0);
	assert_int_equal(reenroll_files_forget_anchor(&files, mark, NULL), 0);
	assert_int_equal(count_entries(path_in(directory, "etc/certs")), 1);
	reenroll_files_close(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define ON_AGENT(test) cmocka_unit_test_setup_teardown(test, setup_directory, teardown_directory)
		ON_AGENT(test_nothing_is_left),
		ON_AGENT(test_stores),
		ON_AGENT(test_directory_stays_as_it_is),
		ON_AGENT(test_unusable_secrets),
		ON_AGENT(test_old_secret_is_kept),
		ON_AGENT(test_restoring_nothing),
		ON_AGENT(test_nothing_to_restore),
		ON_AGENT(test_retiring),
		ON_AGENT(test_forgetting),
		ON_AGENT(test_anchors),
		ON_AGENT(test_anchor_is_restored),
		ON_AGENT(test_room_is_given_back),
		ON_AGENT(test_linked_directory),
		ON_AGENT(test_forgetting_the_ca),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
