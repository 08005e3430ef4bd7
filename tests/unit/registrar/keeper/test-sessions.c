/* SPDX-License-Identifier: ISC */
/* Who is logged in to the API, and until when. */
#include "tests/unit/support.h"

#include "registrar/keeper/sessions.h"
#include "tests/unit/log-lines.h"

#include <errno.h>
#include <syslog.h>

/* Of "a right password", cheap to try. */
#define HASH "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hsb3JpZGU$kl2PHNbHFh2rv2R0mAypKA"

struct fixture {
	struct event_base *base;
	struct peer_log *log;
	struct sessions *sessions;
	const char *users_file;
	int answers;
	struct login_answer answer; /* the last one */
};

static struct fixture fixture;

static int setup(void **state)
{
	struct sessions_settings settings;
	struct reason why;

	if (setup_directory(state) < 0)
		return -1;
	log_lines_collect();
	fixture = (struct fixture){ .base = event_base_new() };
	fixture.log = peer_log_new(fixture.base);
	fixture.users_file = strdup(path_in(*state, "users"));
	write_text(fixture.users_file, "admin:" HASH "\nsecond:" HASH "\n");
	settings = (struct sessions_settings){
		.base = fixture.base,
		.users_file = fixture.users_file,
		.log = fixture.log,
	};
	return sessions_new(&fixture.sessions, &settings, &why);
}

static int teardown(void **state)
{
	sessions_free(fixture.sessions);
	peer_log_free(fixture.log);
	event_base_free(fixture.base);
	free((char *)fixture.users_file);
	log_lines_stop();
	return teardown_directory(state);
}

static void on_tried(void *owner, const struct login_answer *answer)
{
	assert_ptr_equal(owner, &fixture);
	fixture.answers++;
	fixture.answer = *answer;
}

static struct login_request *new_login(const char *user, const char *password)
{
	const struct peer client = { .address = "192.0.2.1", .text = "192.0.2.1 port 40000" };
	struct login_request *login = login_request_new(&client, 0, user, password);

	assert_non_null(login);
	return login;
}

static struct login_try *begin(const struct login_request *login)
{
	struct login_try *try = NULL;

	assert_int_equal(sessions_log_in(fixture.sessions, login, on_tried, &fixture, &try), 0);
	return try;
}

static void wait_for_answer(void)
{
	while (fixture.answers == 0)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
}

static enum login_fault log_in(const char *user, const char *password)
{
	struct login_request *login = new_login(user, password);

	fixture.answers = 0;
	(void)begin(login);
	wait_for_answer();
	login_request_free(login);
	return fixture.answer.fault;
}

static const char *user_of(const char *token)
{
	return sessions_find_user(fixture.sessions, token) ?: "";
}

static void test_login(void **state)
{
	static const struct {
		const char *user, *password;
		enum login_fault fault;
		bool is_user;
	} rows[] = {
		{ "admin", "a right password", LOGIN_OK, false },
		{ "admin", "a wrong password", LOGIN_WRONG, true },
		{ "admin", "", LOGIN_WRONG, true },
		{ "nobody", "a right password", LOGIN_WRONG, false },
		{ "", "", LOGIN_WRONG, false },
		{ "second", "a right password", LOGIN_OK, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_row(rows[i].user, log_in(rows[i].user, rows[i].password) == rows[i].fault);
		check_row(rows[i].user, fixture.answer.is_user == rows[i].is_user);
		check_row(rows[i].user,
			  (fixture.answer.token[0] != '\0') == (rows[i].fault == LOGIN_OK));
	}
	assert_string_equal(user_of(fixture.answer.token), "second");
	assert_string_equal(user_of("h.p.m"), "");
	assert_int_equal(log_lines_count(LOG_INFO, "User admin of the API logged in from 192.0.2.1 "
						   "port 40000"),
			 1);
	assert_int_equal(log_lines_count(LOG_NOTICE, "Refused a login to the API from 192.0.2.1 "
						     "port 40000: wrong user or password"),
			 4);
}

/* All sessions of the user, and of nobody else. */
static void test_logout(void **state)
{
	struct registry_user first = { .client = { .text = "192.0.2.1 port 40001" } }, other;
	char twin[REGISTRY_TOKEN_SIZE];

	(void)state;
	assert_int_equal(log_in("admin", "a right password"), LOGIN_OK);
	memcpy(twin, fixture.answer.token, sizeof twin);
	assert_int_equal(log_in("admin", "a right password"), LOGIN_OK);
	memcpy(first.token, fixture.answer.token, sizeof first.token);
	assert_int_equal(log_in("second", "a right password"), LOGIN_OK);
	other = first;
	memcpy(other.token, fixture.answer.token, sizeof other.token);
	assert_string_equal(sessions_log_out(fixture.sessions, &first), "admin");
	assert_string_equal(user_of(twin), "");
	assert_null(sessions_log_out(fixture.sessions, &first));
	assert_string_equal(user_of(other.token), "second");
	assert_int_equal(log_lines_count(LOG_INFO, "User admin of the API logged out from "
						   "192.0.2.1 port 40001"),
			 1);
}

/* While its password is tried, the user goes. */
static void test_removed_meanwhile(void **state)
{
	struct login_request *login = new_login("admin", "a right password");

	(void)state;
	(void)begin(login);
	write_text(fixture.users_file, "second:" HASH "\n# admin was here\n");
	wait_for_answer();
	assert_int_equal(fixture.answer.fault, LOGIN_WRONG);
	assert_false(fixture.answer.is_user);
	login_request_free(login);
}

/* Nothing is heard of it, and the login is gone already. */
static void test_withdrawn(void **state)
{
	struct login_request *first = new_login("admin", "a right password");
	struct login_request *last = new_login("second", "a right password");
	struct login_try *try = begin(first);

	(void)state;
	login_try_withdraw(try);
	login_request_free(first);
	(void)begin(last);
	wait_for_answer();
	assert_string_equal(user_of(fixture.answer.token), "second");
	assert_int_equal(fixture.answers, 1);
	login_request_free(last);
	/* One that is still being tried at the end is forgotten. */
	last = new_login("admin", "a right password");
	(void)begin(last);
	sessions_free(fixture.sessions);
	fixture.sessions = NULL;
	assert_int_equal(fixture.answers, 1);
	login_request_free(last);
}

/* Said once, until it is put right. */
static void test_bad_users(void **state)
{
	struct login_request *login = new_login("admin", "a right password");
	struct login_try *try = NULL;
	char token[REGISTRY_TOKEN_SIZE];

	(void)state;
	assert_int_equal(log_in("admin", "a right password"), LOGIN_OK);
	memcpy(token, fixture.answer.token, sizeof token);
	write_text(fixture.users_file, "no user\n");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sessions_log_in(fixture.sessions, login, on_tried, &fixture, &try),
				 -EIO);
		assert_string_equal(user_of(token), "");
	}
	assert_null(try);
	assert_int_equal(log_lines_count(LOG_ERR, "until that is fixed, the API cannot be used"),
			 1);
	login_request_free(login);
}

static void test_no_users(void **state)
{
	struct sessions_settings settings = { .base = fixture.base, .log = fixture.log };
	struct sessions *sessions = NULL;
	struct reason why;

	settings.users_file = path_in(*state, "none");
	assert_int_equal(sessions_new(&sessions, &settings, &why), 0);
	assert_int_equal(log_lines_count(LOG_WARNING, "The API has no users in "), 1);
	sessions_free(sessions);
	sessions = NULL;
	write_text(fixture.users_file, "no user\n");
	settings.users_file = fixture.users_file;
	assert_int_equal(sessions_new(&sessions, &settings, &why), -EINVAL);
	assert_non_null(strstr(why.text, fixture.users_file));
	assert_null(sessions);
	sessions_free(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_login),     TEST(test_logout),    TEST(test_removed_meanwhile),
		TEST(test_withdrawn), TEST(test_bad_users), TEST(test_no_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
