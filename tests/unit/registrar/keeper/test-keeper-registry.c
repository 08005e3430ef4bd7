/* SPDX-License-Identifier: ISC */
/* What is answered about users, and what may be asked about agents. */
#include "tests/unit/support.h"

#include "common/base64.h"
#include "common/log.h"
#include "registrar/agents/enroll-tokens.h"
#include "registrar/keeper/keeper-registry.h"
#include "tests/unit/log-lines.h"
#include "tests/unit/registrar/fake-registry.h"

#include <errno.h>
#include <limits.h>
#include <syslog.h>
#include <time.h>

/* Of "a right password", cheap to try. */
#define HASH "$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hsb3JpZGU$kl2PHNbHFh2rv2R0mAypKA"

#define SHARED "the registration password"

static struct fixture {
	struct event_base *base;
	struct peer_log *log;
	struct sessions *sessions;
	struct registry *registry;
	struct enroll_tokens tokens;
	int answers;
	struct registry_answer answer;  /* the last one */
	int logins[LOGIN_INTERNAL + 1]; /* answers to them, by their faults */
} fixture;

static struct fake_registry agents;
static const struct peer client = { .address = "192.0.2.1", .text = "192.0.2.1 port 40000" };

/* What is handed out next; a null password is a failure. */
static const char *material_password;
static const char *material_authorities; /* null: there is no such file */

static int read_material(void *owner, struct material *ret, struct reason *why)
{
	assert_ptr_equal(owner, &fixture);
	if (!material_password) {
		reason_set(why, "It cannot be read");
		return -EIO;
	}
	*ret = (struct material){
		.private_key = { strdup("/etc/key"), strdup("PEM"), 3 },
		.password = { strdup(material_password), strlen(material_password) },
	};
	if (material_authorities)
		ret->authorities = (struct material_file){ strdup("/etc/ca"),
							   strdup(material_authorities),
							   strlen(material_authorities) };
	return 0;
}

static char tokens_file[PATH_MAX]; /* of the tokens; there is none */

static void start(const char *users_file, const char *password)
{
	struct keeper_registry_settings settings;
	struct reason why;

	log_lines_collect();
	fake_registry_init(&agents);
	fixture = (struct fixture){ .base = event_base_new() };
	fixture.log = peer_log_new(fixture.base);
	fixture.tokens.path = tokens_file;
	if (users_file) {
		const struct sessions_settings sessions = { .base = fixture.base,
							    .users_file = users_file,
							    .log = fixture.log };

		assert_int_equal(sessions_new(&fixture.sessions, &sessions, &why), 0);
	}
	settings = (struct keeper_registry_settings){
		.base = fixture.base,
		.agents = &agents.registry,
		.tokens = &fixture.tokens,
		.sessions = fixture.sessions,
		.password = password,
		.log = fixture.log,
		.read_material = read_material,
		.owner = &fixture,
	};
	fixture.registry = keeper_registry_new(&settings);
	assert_non_null(fixture.registry);
}

static int setup(void **state)
{
	const char *users_file;

	if (setup_directory(state) < 0)
		return -1;
	(void)snprintf(tokens_file, sizeof tokens_file, "%s", path_in(*state, "tokens"));
	users_file = path_in(*state, "users");
	write_text(users_file, "admin:" HASH "\n");
	start(users_file, SHARED);
	return 0;
}

/* There is no API, and no password. */
static int setup_bare(void **state)
{
	start(NULL, NULL);
	return setup_directory(state);
}

static int teardown(void **state)
{
	registry_free(fixture.registry);
	sessions_free(fixture.sessions);
	peer_log_free(fixture.log);
	event_base_free(fixture.base);
	log_lines_stop();
	return teardown_directory(state);
}

static void on_answered(void *owner, struct registry_answer *answer)
{
	const struct registry_request *request = owner;

	assert_null(request->registry);
	assert_int_equal(answer->type, request->type);
	fixture.answers++;
	fixture.answer = *answer;
	if (answer->type == REGISTRY_MATERIAL && answer->outcome == REGISTRY_DECIDED) {
		assert_string_equal(answer->material.material.private_key.path, "/etc/key");
		assert_string_equal(answer->material.material.private_key.bytes, "PEM");
		assert_string_equal(answer->material.material.password.text, material_password);
	}
	if (answer->type == REGISTRY_LOGIN)
		fixture.logins[answer->login.fault]++;
}

static void submit(struct registry_request *request)
{
	request->answered = on_answered;
	request->owner = request;
	fixture.answers = 0;
	assert_int_equal(registry_submit(fixture.registry, request), 0);
	assert_int_equal(fixture.answers, 0); /* never from within */
}

static void wait_for_answer(void)
{
	while (fixture.answers == 0)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	assert_int_equal(fixture.answers, 1);
}

static void ask(struct registry_request *request)
{
	submit(request);
	wait_for_answer();
}

static enum login_fault log_in(const char *password, char token[static REGISTRY_TOKEN_SIZE])
{
	struct login_request *login = login_request_new(&client, 0, "admin", password);
	struct registry_request request = { .type = REGISTRY_LOGIN, .login = login };

	ask(&request);
	assert_int_equal(fixture.answer.outcome, REGISTRY_DECIDED);
	memcpy(token, fixture.answer.login.token, REGISTRY_TOKEN_SIZE);
	login_request_free(login);
	return fixture.answer.login.fault;
}

/* ------------------------------------------------------------------ users */

static void test_sessions(void **state)
{
	struct registry_user user = { .client = client };
	struct registry_request session = { .type = REGISTRY_SESSION, .session = &user },
				logout = { .type = REGISTRY_LOGOUT, .session = &user };

	(void)state;
	assert_int_equal(log_in("a wrong password", user.token), LOGIN_WRONG);
	ask(&session);
	assert_int_equal(fixture.answer.outcome, REGISTRY_DENIED);
	assert_int_equal(log_in("a right password", user.token), LOGIN_OK);
	ask(&session);
	assert_int_equal(fixture.answer.outcome, REGISTRY_DECIDED);
	assert_string_equal(fixture.answer.session.user, "admin");
	ask(&logout);
	assert_int_equal(fixture.answer.outcome, REGISTRY_DECIDED);
	assert_string_equal(fixture.answer.session.user, "admin");
	ask(&session);
	assert_int_equal(fixture.answer.outcome, REGISTRY_DENIED);
	assert_string_equal(fixture.answer.session.user, "");
	ask(&logout);
	assert_int_equal(fixture.answer.outcome, REGISTRY_DENIED);
	assert_int_equal(agents.asked, 0);
}

/* The users cannot be read: the machine is at fault, and not the password. */
static void test_bad_users(void **state)
{
	struct login_request *login = login_request_new(&client, 0, "admin", "a right password");
	struct registry_request request = { .type = REGISTRY_LOGIN, .login = login };

	write_text(path_in(*state, "users"), "no user\n");
	ask(&request);
	assert_int_equal(fixture.answer.outcome, REGISTRY_FAILED);
	assert_int_equal(fixture.answer.login.fault, LOGIN_INTERNAL);
	login_request_free(login);
}

/* More than may wait of one source: some are refused, and all are answered. */
static void test_too_many(void **state)
{
	struct registry_request requests[100];
	struct login_request *login = login_request_new(&client, 0, "nobody", "");

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		requests[i] = (struct registry_request){ .type = REGISTRY_LOGIN, .login = login };
		submit(&requests[i]);
	}
	while (fixture.answers < (int)COUNT(requests))
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	assert_in_range(fixture.logins[LOGIN_TOO_MANY], 1, COUNT(requests) - 32);
	assert_int_equal(fixture.logins[LOGIN_WRONG] + fixture.logins[LOGIN_TOO_MANY],
			 COUNT(requests));
	login_request_free(login);
}

static void test_withdrawn(void **state)
{
	struct login_request *login = login_request_new(&client, 0, "admin", "a right password");
	struct registry_request tried = { .type = REGISTRY_LOGIN, .login = login }, waiting = tried;
	struct registry_user user = { .client = client };

	(void)state;
	submit(&waiting);
	registry_withdraw(&waiting);
	submit(&tried);
	(void)event_base_loop(fixture.base, EVLOOP_NONBLOCK);
	registry_withdraw(&tried);
	login_request_free(login);
	assert_int_equal(fixture.answers, 0);
	assert_int_equal(log_in("a right password", user.token), LOGIN_OK);
	assert_int_equal(log_lines_count(LOG_INFO, "logged in"), 1);
}

/* ------------------------------------------------------------------ agents */

/* Of what is for users, only what a user asks reaches those who decide. */
static void test_key(void **state)
{
	struct key_request key = { .user = { .client = client }, .id = "001" };
	struct registry_request request = { .type = REGISTRY_KEY, .key = &key };
	const struct registry_answer answer = {
		.outcome = REGISTRY_DECIDED,
		.type = REGISTRY_KEY,
		.key = { .fault = KEY_OK, .agent = { "001", "web-01", "any", "key" } },
	};

	(void)state;
	ask(&request);
	assert_int_equal(fixture.answer.outcome, REGISTRY_DENIED);
	assert_int_equal(fixture.answer.key.fault, KEY_INTERNAL);
	assert_int_equal(agents.asked, 0);
	assert_int_equal(log_in("a right password", key.user.token), LOGIN_OK);
	submit(&request);
	assert_int_equal(agents.asked, 1);
	assert_string_equal(agents.requests[0]->user, "admin");
	fake_registry_answer(&agents, 0, &answer);
	assert_int_equal(fixture.answers, 1);
	assert_string_equal(fixture.answer.key.agent.key, "key");
	/* One that was passed on is withdrawn there. */
	submit(&request);
	registry_withdraw(&request);
	assert_int_equal(agents.withdrawn, 1);
	assert_null(request.registry);
}

static void register_agent(const struct agent_registration *registration, bool is_passed_on)
{
	struct registry_request request = { .type = REGISTRY_REGISTER,
					    .registration = registration };
	size_t before = agents.asked;

	submit(&request);
	assert_int_equal(agents.asked - before, is_passed_on);
	if (is_passed_on) {
		registry_withdraw(&request);
		return;
	}
	wait_for_answer();
	assert_int_equal(fixture.answer.outcome, REGISTRY_DENIED);
	assert_int_equal(fixture.answer.decision.fault, REGISTRATION_INTERNAL);
	assert_string_equal(fixture.answer.decision.agent.key, "");
}

static void sign(struct enroll_bearer *bearer, const char *password)
{
	unsigned char key[ENROLL_KEY_SIZE];
	char text[ENROLL_JWT_SIZE];
	const char *mac;

	*bearer = (struct enroll_bearer){ .made = (uint64_t)time(NULL), .nonce = "nonce" };
	assert_int_equal(enroll_jwt_derive(key, ENROLL_PASSWORD, password, strlen(password)), 0);
	assert_int_equal(enroll_jwt_sign(text, key, NULL, bearer->made, bearer->nonce), 0);
	mac = strrchr(text, '.') + 1;
	assert_int_equal(base64_decode(bearer->mac, sizeof bearer->mac, BASE64_URL, mac,
				       strlen(mac)),
			 BEARER_MAC_SIZE);
}

static void test_registrations(void **state)
{
	struct agent_registration registration = { .peer = client, .fields.name = { "web", 3 } };

	(void)state;
	register_agent(&registration, true);
	registration.way = REGISTRATION_BY_API;
	register_agent(&registration, false);
	assert_int_equal(log_in("a right password", registration.token), LOGIN_OK);
	register_agent(&registration, true);
	registration.way = REGISTRATION_BY_ENROLL; /* for which a session is not enough */
	register_agent(&registration, false);
	sign(&registration.bearer, SHARED);
	register_agent(&registration, true);
}

static void test_bearers(void **state)
{
	struct bearer_request bearer = { .client = client };
	struct registry_request request = { .type = REGISTRY_BEARER, .bearer = &bearer };

	(void)state;
	sign(&bearer.bearer, SHARED);
	ask(&request);
	assert_int_equal(fixture.answer.outcome, REGISTRY_DECIDED);
	assert_int_equal(fixture.answer.bearer.fault, BEARER_OK);
	sign(&bearer.bearer, "a wrong password");
	ask(&request);
	assert_int_equal(fixture.answer.bearer.fault, BEARER_INVALID_SIGNATURE);
	assert_int_equal(log_lines_count(LOG_NOTICE, "Refused an enrollment from 192.0.2.1 port "
						     "40000: invalid_signature"),
			 1);
	assert_int_equal(agents.asked, 0);
}

/*
 * Where it cannot be seen whether the client has the secret, it is not refused, whatever the keeper
 * is asked for; and clients cannot fill the log with it.
 */
static void test_broken_tokens(void **state)
{
	struct agent_registration registration = { .way = REGISTRATION_BY_ENROLL, .peer = client };
	struct bearer_request bearer = { .client = client };
	struct registry_request asked = { .type = REGISTRY_BEARER, .bearer = &bearer },
				request = { .type = REGISTRY_REGISTER,
					    .registration = &registration };

	(void)state;
	log_open("test", LOG_INFO); /* with LOG_DEBUG, there is no limit */
	sign(&bearer.bearer, SHARED);
	(void)snprintf(bearer.bearer.key_id, sizeof bearer.bearer.key_id, "token");
	registration.bearer = bearer.bearer;
	ask(&asked);
	assert_int_equal(fixture.answer.bearer.fault, BEARER_UNKNOWN_TOKEN);
	ask(&request);
	assert_int_equal(fixture.answer.outcome, REGISTRY_DENIED);
	write_text(tokens_file, "nonsense\n");
	for (int i = 0; i < 2 * PEER_LOG_EACH; i++) {
		ask(i % 2 ? &asked : &request);
		assert_int_equal(fixture.answer.outcome, REGISTRY_NO_MEMORY);
	}
	assert_int_equal(agents.asked, 0);
	assert_in_range(log_lines_count(LOG_ERR, "The bearer of 192.0.2.1 port 40000 was not "
						 "checked: "),
			1, PEER_LOG_EACH);
	assert_in_range(log_lines_count(LOG_ERR, ""), 1, PEER_LOG_EACH);
}

/* With the material, its password is demanded; what cannot be read changes nothing. */
static void test_material(void **state)
{
	struct agent_registration registration = { .way = REGISTRATION_BY_ENROLL,
						   .peer = client,
						   .fields.name = { "web", 3 } };
	struct registry_request request = { .type = REGISTRY_MATERIAL };

	(void)state;
	sign(&registration.bearer, SHARED);
	material_password = NULL;
	ask(&request);
	assert_int_equal(fixture.answer.outcome, REGISTRY_FAILED);
	assert_int_equal(fixture.answer.material.fault, MATERIAL_INTERNAL);
	assert_int_equal(log_lines_count(LOG_ERR, "Nothing was reloaded, and the old files stay in "
						  "use: It cannot be read"),
			 1);
	register_agent(&registration, true);
	material_password = "another password";
	ask(&request);
	assert_int_equal(fixture.answer.outcome, REGISTRY_DECIDED);
	register_agent(&registration, false);
	sign(&registration.bearer, "another password");
	register_agent(&registration, true);
	assert_int_equal(agents.asked, 2);
}

/* Everything has to be read, and a front may ask without end. */
static void test_much_material(void **state)
{
	struct registry_request requests[10];
	int at_once;

	(void)state;
	material_password = SHARED;
	for (size_t i = 0; i < COUNT(requests); i++) {
		requests[i] = (struct registry_request){ .type = REGISTRY_MATERIAL };
		submit(&requests[i]);
	}
	for (int i = 0; i < 20; i++)
		(void)event_base_loop(fixture.base, EVLOOP_NONBLOCK);
	at_once = fixture.answers;
	assert_int_equal(at_once, 8);
	while (fixture.answers == at_once)
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	assert_int_equal(fixture.answers, at_once + 1);
	registry_withdraw(&requests[9]);
}

/* Those who have older material learn of it by the edition. */
static void test_editions(void **state)
{
	struct registry_request request = { .type = REGISTRY_MATERIAL };

	(void)state;
	material_password = "first";
	ask(&request);
	assert_true(fixture.answer.material.edition == 1);
	ask(&request);
	assert_true(fixture.answer.material.edition == 1);
	material_password = "second";
	ask(&request);
	assert_true(fixture.answer.material.edition == 2);
	material_password = NULL;
	ask(&request);
	assert_true(fixture.answer.material.edition == 0);
	material_password = "second";
	ask(&request);
	assert_true(fixture.answer.material.edition == 2);
	material_authorities = "CA";
	ask(&request);
	assert_true(fixture.answer.material.edition == 3);
	material_authorities = "BA"; /* as long as the other */
	ask(&request);
	assert_true(fixture.answer.material.edition == 4);
	ask(&request);
	assert_true(fixture.answer.material.edition == 4);
	material_authorities = NULL;
}

/* Many that ask at once take several turns of the loop. */
static void test_turns(void **state)
{
	static struct registry_request requests[5000];
	struct bearer_request bearer = { .client = client };

	(void)state;
	sign(&bearer.bearer, SHARED);
	for (size_t i = 0; i < COUNT(requests); i++) {
		requests[i] = (struct registry_request){ .type = REGISTRY_BEARER,
							 .bearer = &bearer };
		submit(&requests[i]);
	}
	(void)event_base_loop(fixture.base, EVLOOP_ONCE);
	assert_in_range(fixture.answers, 1, COUNT(requests) - 1);
	while (fixture.answers < (int)COUNT(requests))
		(void)event_base_loop(fixture.base, EVLOOP_ONCE);
}

/* Nobody is a user then, and whoever enrolls needs no bearer. */
static void test_bare(void **state)
{
	struct agent_registration registration = { .peer = client, .fields.name = { "web", 3 } };
	struct login_request *login = login_request_new(&client, 0, "admin", "a right password");
	struct registry_request request = { .type = REGISTRY_LOGIN, .login = login };

	(void)state;
	ask(&request);
	assert_int_equal(fixture.answer.outcome, REGISTRY_DENIED);
	login_request_free(login);
	registration.way = REGISTRATION_BY_API;
	register_agent(&registration, false);
	registration.way = REGISTRATION_BY_ENROLL;
	register_agent(&registration, true);
	registration.way = REGISTRATION_BY_AUTHD;
	register_agent(&registration, true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_sessions),
		TEST(test_bad_users),
		TEST(test_too_many),
		TEST(test_withdrawn),
		TEST(test_key),
		TEST(test_registrations),
		TEST(test_bearers),
		TEST(test_broken_tokens),
		TEST(test_material),
		TEST(test_much_material),
		TEST(test_editions),
		TEST(test_turns),
		cmocka_unit_test_setup_teardown(test_bare, setup_bare, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
